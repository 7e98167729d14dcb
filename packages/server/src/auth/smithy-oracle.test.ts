import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import * as fc from 'fast-check'
import { describe, test } from 'vitest'
import { wireText } from './canonical-request.ts'
import { signRequest } from './signer.ts'
import { createSigV4Verifier } from './sigv4.ts'
import { credentialOf, exampleKey, identityOf, raw, rulesOf } from './sigv4.testing.ts'

const now = Date.UTC(2026, 10, 21, 12)

/** What the SDK's signer asks for: a hash that becomes an HMAC when it is given a key. */
class Sha256 {
  readonly #hash
  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', bytes(key))
  }
  update(data: string | ArrayBuffer | ArrayBufferView) {
    this.#hash.update(bytes(data))
  }
  digest() {
    return Promise.resolve(new Uint8Array(this.#hash.digest()))
  }
  reset() {}
}
const bytes = (data: string | ArrayBuffer | ArrayBufferView): Uint8Array =>
  typeof data === 'string'
    ? Buffer.from(data)
    : ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data)

const escaped = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

const text = fc.string({ unit: 'grapheme', maxLength: 8 })
const requests = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT'),
  segments: fc.array(fc.oneof(text, fc.constantFrom('.', '..', '', 'a b')), { maxLength: 4 }),
  query: fc.dictionary(
    fc.string({ minLength: 1, maxLength: 6 }),
    fc.oneof(text, fc.array(text, { maxLength: 3, minLength: 1 })),
    {
      maxKeys: 4,
      noNullPrototype: true,
    },
  ),
  header: fc.stringMatching(/^[ -~]{0,20}$/),
  body: fc.string({ unit: 'grapheme', maxLength: 30 }),
})

describe("requests signed by the AWS SDK's signer are accepted", () => {
  test.each([
    { service: 'cloudtrail', pathStyle: 'normalised' as const },
    { service: 's3', pathStyle: 'verbatim' as const },
  ])('$service', async ({ service, pathStyle }) => {
    const signer = new SignatureV4({
      service,
      region: 'eu-west-1',
      credentials: exampleKey,
      sha256: Sha256,
      uriEscapePath: pathStyle === 'normalised',
    })
    const verifier = createSigV4Verifier({ credential: () => credentialOf(exampleKey), wall: () => now })
    const rules = rulesOf({ service, pathStyle })
    await fc.assert(
      fc.asyncProperty(requests, async ({ method, segments, query, header, body }) => {
        const path = `/${segments.map(escaped).join('/')}`
        const signed = await signer.sign(
          {
            method,
            protocol: 'https:',
            hostname: 'h',
            path,
            query,
            body,
            headers: { host: 'h', 'x-amz-meta': header },
          },
          { signingDate: new Date(now) },
        )
        const pairs = Object.entries(query).flatMap(([name, value]) =>
          [value].flat().map((each) => `${escaped(name)}=${escaped(each)}`),
        )
        const target = pairs.length > 0 ? `${path}?${pairs.join('&')}` : path
        const request = { method, target, rawHeaders: raw(signed.headers) }
        assert.deepEqual(verifier.verify(request, rules, Buffer.from(body)).payload, { kind: 'checked' })
        assert.throws(() => verifier.verify({ ...request, target: `${target}x` }, rules, Buffer.from(body)))

        // Our own signer: the same rules, read by the same verifier.
        const ours = { method, target, headers: { host: 'h', 'x-amz-meta': header }, body: Buffer.from(body) }
        const headers = signRequest(ours, identityOf({ service, pathStyle }), now)
        const wire = { method, target, rawHeaders: raw(headers).map(wireText) }
        assert.deepEqual(verifier.verify(wire, rules, Buffer.from(body)).payload, { kind: 'checked' })
      }),
      { numRuns: 150 },
    )
  })
})
