import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, test } from 'vitest'
import { canonicalHeaders, canonicalRequest, sha256Hex, stringToSign } from './canonical-request.ts'
import { readSignature } from './presented-signature.ts'
import { createSigV4Verifier } from './sigv4.ts'
import { credentialOf, exampleKey, rulesOf } from './sigv4.testing.ts'

// AWS's published test cases are not part of this repository; they are looked for beside it.
const suite = fileURLToPath(new URL('../../../../../shared/sigv4-suite', import.meta.url))
const cases = existsSync(suite) ? globSync('**/*.sreq', { cwd: suite }).sort() : []
const now = Date.UTC(2015, 7, 30, 12, 36)

describe.skipIf(cases.length === 0)(`AWS's Signature Version 4 test cases (looked for at ${suite})`, () => {
  test.each(cases)('%s', (path) => {
    const read = (kind: string) =>
      readFileSync(join(suite, dirname(path), `${basename(path, '.sreq')}.${kind}`)).toString('latin1')
    // One signed request of the suite carries another case's signature; the .authz files are right throughout.
    const { body, ...request } = parseRequest(
      read('sreq').replace(/^(authorization: ?).*$/im, () => `Authorization:${read('authz')}`),
    )
    const presented = readSignature(request)
    const headers = canonicalHeaders(request.rawHeaders, presented.signedNames)
    assert.ok('lines' in headers)
    const canonical = canonicalRequest({
      ...request,
      pathStyle: 'normalised',
      headerLines: headers.lines,
      signedNames: presented.signedNames,
      payloadHash: sha256Hex(body),
    })
    assert.equal(canonical, read('creq'))
    assert.equal(stringToSign(presented.amzDate, '20150830/us-east-1/service/aws4_request', canonical), read('sts'))

    const { securityToken } = presented
    const verifier = createSigV4Verifier({
      credential: () => credentialOf(exampleKey, 'administrator', securityToken),
      wall: () => now,
    })
    const rules = rulesOf({ service: 'service', isRegion: (region) => region === 'us-east-1' })
    assert.deepEqual(verifier.verify(request, rules, body).payload, { kind: 'checked' })
    assert.throws(() => verifier.verify({ ...request, method: 'PUT' }, rules, body), /does not match/)
  })
})

/** A request file: request line, headers (a line that starts with a space continues the last one), empty line, body. */
function parseRequest(text: string) {
  const separator = text.indexOf('\n\n')
  const head = separator < 0 ? text : text.slice(0, separator)
  const [requestLine, ...lines] = head.split('\n')
  const [, method, target] = /^(\S+) (.*) HTTP\/1\.1$/.exec(requestLine!)!
  const rawHeaders: string[] = []
  for (const line of lines) {
    if (/^\s/.test(line)) rawHeaders[rawHeaders.length - 1] += `\n${line}`
    else rawHeaders.push(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim())
  }
  const body = Buffer.from(separator < 0 ? '' : text.slice(separator + 2), 'latin1')
  return { method: method!, target: target!, rawHeaders, body }
}
