import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, test } from 'vitest'
import { AuthenticationError } from './authentication-error.ts'
import { canonicalPath, canonicalQuery, sha256Hex, type WireRequest } from './canonical-request.ts'
import { createSigner, presignTarget, signRequest } from './signer.ts'
import { createSigV4Verifier, type SignatureRules } from './sigv4.ts'
import { createSigningKeyCache, deriveSigningKey } from './signing-key.ts'
import { credentialOf, credentialSource, exampleKey, identityOf, raw, rulesOf } from './sigv4.testing.ts'

const now = Date.UTC(2026, 10, 21, 12)
const source = credentialSource(credentialOf(exampleKey))
const verifierAt = (wall: number) => createSigV4Verifier({ credential: (id) => source.accessKey(id), wall: () => wall })
const verifier = verifierAt(now)
const body = Buffer.from('{"Name":"t"}')
const target = 'CloudTrail_20131101.GetTrail'

function signed(headers: Record<string, string> = {}, identity = identityOf()): WireRequest {
  const all = { host: 'localhost', 'x-amz-target': target, ...headers }
  return {
    method: 'POST',
    target: '/',
    rawHeaders: raw(signRequest({ method: 'POST', target: '/', headers: all, body }, identity, now)),
  }
}

const replaced = (request: WireRequest, name: string, change: (value: string) => string | undefined): WireRequest => {
  const rawHeaders: string[] = []
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const header = request.rawHeaders[i]!
    const value = header === name ? change(request.rawHeaders[i + 1]!) : request.rawHeaders[i + 1]
    if (value !== undefined) rawHeaders.push(header, value)
  }
  return { ...request, rawHeaders }
}
const changedAuthorization = (from: string | RegExp, to: string) =>
  replaced(signed(), 'authorization', (value) => value.replace(from, to))

const refusal = (request: WireRequest, rules = rulesOf(), content: Uint8Array = body, by = verifier) => {
  try {
    by.verify(request, rules, content)
  } catch (error) {
    assert.ok(error instanceof AuthenticationError, String(error))
    assert.equal(error.status, 403)
    return `${error.code}: ${error.message}`
  }
  return 'accepted'
}

test('a request signed with the secret key is its user’s', () => {
  const verified = verifier.verify(signed(), rulesOf(), body)
  assert.equal(verified.principal.userName, 'alice')
  assert.equal(verified.region, 'eu-west-1')
  assert.deepEqual(verified.payload, { kind: 'checked' })
})

test("AWS's documented example: ListUsers of IAM", () => {
  // IAM User Guide, "Create a signed AWS API request": the published signature of this request.
  const request = {
    method: 'GET',
    target: '/?Action=ListUsers&Version=2010-05-08',
    rawHeaders: raw({
      'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
      Host: 'iam.amazonaws.com',
      'X-Amz-Date': '20150830T123600Z',
      Authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, ' +
        'SignedHeaders=content-type;host;x-amz-date, ' +
        'Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
    }),
  }
  const rules = rulesOf({ service: 'iam', isRegion: () => true })
  assert.equal(refusal(request, rules, Buffer.alloc(0), verifierAt(Date.UTC(2015, 7, 30, 12, 50))), 'accepted')
})

const signedSeen = (offsetMs: number) => refusal(signed(), rulesOf(), body, verifierAt(now + offsetMs))

describe('each refusal has its own code and words', () => {
  const cases: [name: string, request: WireRequest, expected: RegExp, rules?: SignatureRules][] = [
    [
      'unsigned',
      { method: 'POST', target: '/', rawHeaders: ['Host', 'x'] },
      /^MissingAuthenticationTokenException: Missing/,
    ],
    [
      'empty',
      { method: 'POST', target: '/', rawHeaders: ['Authorization', ''] },
      /^IncompleteSignatureException: Unsupp/,
    ],
    [
      'other scheme',
      changedAuthorization('AWS4-HMAC-SHA256', 'AWS4-ECDSA'),
      /Unsupported AWS 'algorithm': 'AWS4-ECDSA'/,
    ],
    [
      'no fields',
      replaced(signed(), 'authorization', () => 'AWS4-HMAC-SHA256 A=b'),
      /^IncompleteSignatureException: Authorization header requires 'Credential' parameter\. .*'Signature'.*'SignedHeaders' parameter\. \(Hashed/,
    ],
    [
      'no date',
      replaced(signed(), 'x-amz-date', () => undefined),
      /requires existence of either a 'X-Amz-Date' or a 'Date'/,
    ],
    ['bad pair', changedAuthorization('Signature=', 'Signature'), /not a valid key=value pair/],
    ['short scope', changedAuthorization('/aws4_request', ''), /exactly 5 slash-delimited elements/],
    ['terminator', changedAuthorization('aws4_request', 'aws5'), /valid terminator: 'aws4_request', not 'aws5'/],
    ['bad date', replaced(signed(), 'x-amz-date', () => '20261321T120000Z'), /^Incomplete.*ISO-8601 'basic format'/],
    [
      'other day',
      changedAuthorization('/20261121/', '/20261120/'),
      /'20261120' != '20261121', from '20261121T120000Z'/,
    ],
    [
      'unsigned host',
      changedAuthorization('host;', ''),
      /^InvalidSig.*'Host' or ':authority' must be a 'SignedHeader'/,
    ],
    [
      'header gone',
      replaced(signed({ 'x-amz-extra': '1' }), 'x-amz-extra', () => undefined),
      /'x-amz-extra' is a 'SignedHeader'/,
    ],
    [
      'unknown key',
      signed({}, identityOf({ accessKeyId: 'AKIAOTHER' })),
      /^UnrecognizedClientException: The security token/,
    ],
    ['token on a plain key', signed({}, identityOf({ sessionToken: 'abc' })), /^UnrecognizedClientException/],
    [
      'other secret',
      signed({}, identityOf({ secretAccessKey: 'x' })),
      /^InvalidSig.*does not match the signature you provided/,
    ],
    [
      'other service',
      signed({}, identityOf({ service: 's3' })),
      /^InvalidSig.*scoped to correct service: 'cloudtrail'/,
    ],
    ['no Region', signed({}, identityOf({ region: 'EU' })), /^InvalidSig.*scoped to a valid region/],
    ['Region not configured', signed({}, identityOf({ region: 'us-east-1' })), /^UnrecognizedClientException/],
    ['unsigned payload', signed({ 'x-amz-content-sha256': 'x' }), /accepted/],
    [
      'payload word',
      replaced(signed(), 'x-amz-content-sha256', () => 'UNSIGNED-PAYLOAD'),
      /^InvalidSig.*UNSIGNED-PAYLOAD is not accepted/,
    ],
    ['payload nonsense', replaced(signed(), 'x-amz-content-sha256', () => 'abc'), /must be UNSIGNED-PAYLOAD, /],
    [
      'two dates',
      { ...signed(), rawHeaders: [...signed().rawHeaders, 'X-Amz-Date', '20261121T120000Z'] },
      /given twice/,
    ],
    [
      'target not signed',
      { ...signed(), rawHeaders: [...signed().rawHeaders, 'X-Other', 'x'] },
      /'x-other' must be a 'SignedHeader'/,
      rulesOf({ mustBeSigned: ['x-other'] }),
    ],
  ]
  test.each(cases)('%s', (_, request, expected, rules) => {
    assert.match(refusal(request, rules), expected)
  })

  test('expired and not yet current, to the second', () => {
    assert.equal(signedSeen(15 * 60_000), 'accepted')
    assert.equal(signedSeen(-15 * 60_000), 'accepted')
    assert.equal(
      signedSeen(15 * 60_000 + 1_000),
      'InvalidSignatureException: Signature expired: 20261121T120000Z is now earlier than 20261121T120001Z ' +
        '(20261121T121501Z - 15 min.)',
    )
    assert.equal(
      signedSeen(-15 * 60_000 - 1_000),
      'InvalidSignatureException: Signature not yet current: 20261121T120000Z is still later than 20261121T115959Z ' +
        '(20261121T114459Z + 15 min.)',
    )
  })
})

const full = (path: string): WireRequest => ({
  method: 'POST',
  target: path,
  rawHeaders: raw(
    signRequest(
      { method: 'POST', target: path, headers: { host: 'h', 'x-amz-target': target }, body },
      identityOf(),
      now,
    ),
  ),
})
const flipped = (text: string, index: number, bit: number) =>
  text.slice(0, index) + String.fromCharCode(text.charCodeAt(index) ^ (1 << bit)) + text.slice(index + 1)

describe('no byte of what is signed can change', () => {
  const request = { ...signed({ 'content-type': 'application/x-amz-json-1.1' }), target: '/a/b' }
  const signedRequest = full('/one/two?first=1&second=two')
  const anyBit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 7 }))

  test('the request of this test is accepted', () => {
    assert.equal(refusal(signedRequest), 'accepted')
    assert.notEqual(refusal(request), 'accepted')
  })
  test('method, path and query', () => {
    fc.assert(
      fc.property(fc.constantFrom('method' as const, 'target' as const), anyBit, (part, [at, bit]) => {
        const text = signedRequest[part]
        const changed = { ...signedRequest, [part]: flipped(text, at % text.length, bit) }
        // '?' to 'ÿ'-like changes move the border between path and query; nothing of that may be accepted either.
        assert.notEqual(refusal(changed), 'accepted', changed[part])
      }),
      { numRuns: 400 },
    )
  })
  test('each byte of each signed header, and of the signature', () => {
    for (const [index, value] of signedRequest.rawHeaders.entries()) {
      if (index % 2 === 0) continue
      for (let at = 0; at < value.length; at++) {
        const rawHeaders = signedRequest.rawHeaders.with(index, flipped(value, at, at % 7))
        const outcome = refusal({ ...signedRequest, rawHeaders })
        // White space around the commas of the Authorization header means nothing.
        assert.ok(outcome !== 'accepted', `${signedRequest.rawHeaders[index - 1]} byte ${at}: ${rawHeaders[index]}`)
      }
    }
  })
  test('body', () => {
    for (let at = 0; at < body.length; at++) {
      const changed = Buffer.from(body)
      changed[at]! ^= 1 << (at % 8)
      assert.match(refusal(signedRequest, rulesOf(), changed), /does not match/)
    }
    assert.match(refusal(signedRequest, rulesOf(), Buffer.concat([body, Buffer.from(' ')])), /does not match/)
  })
  test('a body without x-amz-content-sha256 is hashed', () => {
    const bare = withoutContentHash()
    assert.equal(refusal(bare), 'accepted')
    assert.match(refusal(bare, rulesOf(), Buffer.from('{}')), /does not match/)
    assert.throws(() => verifier.verify(bare, rulesOf()), /Missing required header/)
  })
})

/** As botocore and Go sign: no x-amz-content-sha256 header. Made from a presigned form, whose hash stands for the body. */
function withoutContentHash(): WireRequest {
  const headers = { host: 'h', 'x-amz-date': '20261121T120000Z' }
  const canonical = `POST\n/\n\nhost:h\nx-amz-date:20261121T120000Z\n\nhost;x-amz-date\n${sha256Hex(body)}`
  const scope = { day: '20261121', region: 'eu-west-1', service: 'cloudtrail' }
  const text = `AWS4-HMAC-SHA256\n20261121T120000Z\n20261121/eu-west-1/cloudtrail/aws4_request\n${sha256Hex(canonical)}`
  const seal = hmac(deriveSigningKey(exampleKey.secretAccessKey, scope), text)
  const authorization =
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/eu-west-1/cloudtrail/aws4_request,' +
    `SignedHeaders=host;x-amz-date,Signature=${seal}`
  return { method: 'POST', target: '/', rawHeaders: raw({ ...headers, authorization }) }
}
const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest('hex')

describe('presigned requests', () => {
  const rules = rulesOf({ service: 's3', pathStyle: 'verbatim', presigned: true, payloads: ['unsigned'] })
  const identity = identityOf({ service: 's3', pathStyle: 'verbatim' })
  const presigned = (expires = 60, path = '/bucket/a//b/../c?versionId=x') => ({
    method: 'GET',
    target: presignTarget({ method: 'GET', target: path, host: 'h', body: 'UNSIGNED-PAYLOAD' }, identity, now, expires),
    rawHeaders: ['Host', 'h'],
  })
  const seen = (offsetMs: number) => refusal(presigned(), rules, Buffer.alloc(0), verifierAt(now + offsetMs))
  test('are valid from signing until they expire', () => {
    assert.equal(seen(60_000), 'accepted')
    assert.match(seen(61_000), /^InvalidSignatureException: Signature expired: /)
    assert.equal(seen(-15 * 60_000), 'accepted')
    assert.match(seen(-16 * 60_000), /not yet current/)
  })
  test('are valid as long as the route says, where it does', () => {
    const at = (expires: number, offsetMs: number) =>
      refusal(presigned(expires), { ...rules, presignedMs: 900_000 }, Buffer.alloc(0), verifierAt(now + offsetMs))
    for (const expires of [60, 86_400]) {
      assert.equal(at(expires, 900_000), 'accepted')
      assert.match(at(expires, 901_000), /^InvalidSignatureException: Signature expired: .*15 min\./)
    }
  })
  test('live a second at least and a week at most', () => {
    assert.equal(refusal(presigned(604_800), rules), 'accepted')
    assert.match(refusal(presigned(604_801), rules), /less than a week/)
    assert.match(refusal(presigned(0), rules), /non-negative/)
  })
  test('are refused where the route does not take them, and beside an Authorization header', () => {
    assert.match(refusal(presigned(), rulesOf({ service: 's3' })), /not accepted here/)
    const both = { ...presigned(), rawHeaders: ['Host', 'h', 'Authorization', 'AWS4-HMAC-SHA256 x'] }
    assert.match(refusal(both, rules), /Only one auth mechanism/)
  })
  test('no character of the target can change', () => {
    const { target: whole } = presigned()
    for (let at = 0; at < whole.length; at++) {
      const changed = whole.slice(0, at) + (whole[at] === 'z' ? 'y' : 'z') + whole.slice(at + 1)
      assert.notEqual(refusal({ ...presigned(), target: changed }, rules), 'accepted', changed)
    }
    assert.match(refusal({ ...presigned(), target: `${whole}&X-Amz-Expires=9` }, rules), /given twice/)
    assert.notEqual(refusal({ ...presigned(), target: `${whole}&x=1` }, rules), 'accepted')
  })
})

test('paths: normalised and encoded once more for most services, verbatim for S3', () => {
  assert.equal(canonicalPath('/a%20b//./c/../d/', 'normalised'), '/a%2520b/d/')
  assert.equal(canonicalPath('/a%20b//./c/../d/', 'verbatim'), '/a%20b//./c/../d/')
  assert.equal(canonicalPath('/a%2fb', 'verbatim'), '/a%2Fb')
  assert.equal(canonicalPath('/a$b%', 'verbatim'), '/a%24b%25')
  assert.equal(canonicalPath('/../..', 'normalised'), '/')
})

test('queries: sorted by name, then value; plus is a space', () => {
  assert.equal(canonicalQuery('b=2&a-b=1&a=2&a=1&c'), 'a=1&a=2&a-b=1&b=2&c=')
  assert.equal(canonicalQuery('q=a+b%20c%2B&&X-Amz-Signature=1'), 'q=a%20b%20c%2B')
})

test('signing keys are cached, bounded, and follow a replaced secret', () => {
  const cache = createSigningKeyCache(2)
  const scope = { day: '20261121', region: 'eu-west-1', service: 'cloudtrail' }
  const first = cache.get('a', 'secret', scope)
  assert.equal(cache.get('a', 'secret', scope), first)
  assert.equal(cache.get('a', 'other', scope).equals(first), false)
  assert.deepEqual(cache.get('a', 'other', scope).export(), deriveSigningKey('other', scope))
  cache.get('b', 'secret', scope)
  cache.get('c', 'secret', scope)
  assert.equal(cache.size, 2)
})

describe('a body that is not at hand yet', () => {
  const withPayload = (payload: Uint8Array | string) => ({
    method: 'PUT',
    target: '/b/k',
    rawHeaders: raw(
      signRequest({ method: 'PUT', target: '/b/k', headers: { host: 'h' }, body: payload }, identityOf(), now),
    ),
  })
  const all = rulesOf({
    payloads: ['unsigned', 'signed-chunks', 'signed-chunks-trailer', 'unsigned-chunks-trailer'],
  })
  test('is announced by its hash, or not signed, where the route allows it', () => {
    const hashed = verifier.verify(withPayload(body), rulesOf())
    assert.deepEqual(hashed.payload, { kind: 'hash', sha256: sha256Hex(body) })
    assert.deepEqual(verifier.verify(withPayload('UNSIGNED-PAYLOAD'), all).payload, { kind: 'unsigned' })
    assert.match(refusal(withPayload('UNSIGNED-PAYLOAD')), /not accepted/)
  })
  test.each([
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', true, false],
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', true, true],
    ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', false, true],
  ])('%s starts a chain of signatures', (word, isSigned, trailer) => {
    const request = withPayload(word)
    const { payload } = verifier.verify(request, all)
    assert.ok(payload.kind === 'chunked')
    const { seed } = payload
    assert.deepEqual([seed.signed, seed.trailer, seed.amzDate], [isSigned, trailer, '20261121T120000Z'])
    assert.ok(request.rawHeaders.at(-1)!.endsWith(seed.signature))
    assert.match(refusal(request), /not accepted/)
  })
})

test('a Date header in HTTP’s form serves where there is no X-Amz-Date', () => {
  const dated = replaced(withoutContentHash(), 'x-amz-date', () => undefined)
  const date = 'Sat, 21 Nov 2026 12:00:00 GMT'
  const scope = { day: '20261121', region: 'eu-west-1', service: 'cloudtrail' }
  const canonical = `POST\n/\n\ndate:${date}\nhost:h\n\ndate;host\n${sha256Hex(body)}`
  const text = `AWS4-HMAC-SHA256\n20261121T120000Z\n20261121/eu-west-1/cloudtrail/aws4_request\n${sha256Hex(canonical)}`
  const seal = hmac(deriveSigningKey(exampleKey.secretAccessKey, scope), text)
  const authorization = (value: string) =>
    value
      .replace('SignedHeaders=host;x-amz-date', 'SignedHeaders=date;host')
      .replace(/Signature=\w+$/, `Signature=${seal}`)
  const request = replaced(dated, 'authorization', authorization)
  const on = (day: string) => refusal({ ...request, rawHeaders: [...request.rawHeaders, 'Date', day] })
  assert.equal(on(date), 'accepted')
  assert.match(on('Sat, 21 Nov 2026 12:00:01 GMT'), /does not match the signature/)
  assert.match(on('Someday, maybe'), /ISO-8601/)
})

test('a signer signs as each request by itself would be, also after midnight', () => {
  const identity = { accessKeyId: 'AKID', secretAccessKey: 'secret', region: 'eu-west-1', service: 's3' }
  const sign = createSigner(identity)
  for (const time of ['2026-03-04T23:59:58Z', '2026-03-04T23:59:59Z', '2026-03-05T00:00:00Z'].map(Date.parse)) {
    const request = { method: 'GET', target: `/logs/${time}`, headers: { host: 'h' } }
    assert.deepEqual(sign(request, time), signRequest(request, identity, time))
  }
})
