import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { createSigV4Verifier } from '../../../server/src/auth/index.ts'
import { credentialOf, exampleKey } from '../../../server/src/auth/sigv4.testing.ts'
import { canonicalQuery, encode, signRequest, type RequestToSign } from './sign-request.ts'

const now = Date.UTC(2026, 10, 21, 12)
const sessionToken = 'a+session/token=='
const verifier = createSigV4Verifier({
  credential: (id) =>
    id === 'ASIASESSION'
      ? { ...credentialOf(exampleKey), sessionToken }
      : id === exampleKey.accessKeyId
        ? credentialOf(exampleKey)
        : undefined,
  wall: () => now,
})

/** What the server says of a request as a browser would send it. */
async function verify(request: RequestToSign, key: Parameters<typeof signRequest>[1], sent = request) {
  const headers = await signRequest(request, key, 'eu-west-1', now)
  const query = canonicalQuery(sent.parameters)
  const rawHeaders = [...Object.entries(headers), ['Host', sent.host]].flat()
  return verifier.verify(
    { method: sent.method, target: query === '' ? sent.path : `${sent.path}?${query}`, rawHeaders },
    request.service === 's3'
      ? { service: 's3', pathStyle: 'verbatim', isRegion: () => true }
      : { service: 'cloudtrail', pathStyle: 'normalised', isRegion: () => true },
    Buffer.from(sent.body),
  )
}

const host = '127.0.0.1:4580'

test('whatever is searched for, the server accepts the signature', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 })
  const request = fc.record({
    method: fc.constantFrom('GET' as const, 'POST' as const),
    path: text.map((name) => `/api/v1/events/${encode(name.replaceAll('.', '') || 'x')}`),
    parameters: fc.array(fc.tuple(text, text), { maxLength: 6 }),
    host: fc.constant(host),
    body: text,
  })
  await fc.assert(
    fc.asyncProperty(request, async (asked) => {
      const { region, principal } = await verify(asked, exampleKey)
      assert.deepEqual([region, principal.accessKeyId], ['eu-west-1', exampleKey.accessKeyId])
    }),
    { numRuns: 100 },
  )
})

test('a session signs with its token', async () => {
  const request: RequestToSign = { method: 'POST', path: '/api/v1/ask', parameters: [], host, body: '{"question":"?"}' }
  const key = { ...exampleKey, accessKeyId: 'ASIASESSION' }
  await verify(request, { ...key, sessionToken })
  await assert.rejects(verify(request, key), /security token/)
})

test('nothing of a request can be exchanged', async () => {
  const request: RequestToSign = {
    method: 'GET',
    path: '/api/v1/events',
    parameters: [['where', 'a b+c']],
    host,
    body: '',
  }
  for (const change of [
    { method: 'POST' as const },
    { path: '/api/v1/live' },
    { parameters: [['where', 'a b c']] as const },
    { host: 'evil.example' },
    { body: '{}' },
  ])
    await assert.rejects(verify(request, exampleKey, { ...request, ...change }), /signature/i, JSON.stringify(change))
})

test('calls of CloudTrail sign what they ask for, calls of S3 any key', async () => {
  const headers = { 'x-amz-target': 'CloudTrail_20131101.ListTrails' }
  const call: RequestToSign = { method: 'POST', path: '/', parameters: [], host, body: '{}', headers }
  await verify(call, exampleKey)
  const { authorization = '' } = await signRequest(call, exampleKey, 'eu-west-1', now)
  assert.match(authorization, /SignedHeaders=[^,]*;x-amz-target,/)
  const key = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(key, fc.constantFrom('GET' as const, 'PUT' as const, 'HEAD' as const), async (name, method) => {
      const path = `/logs/${name.split('/').map(encode).join('/')}`
      await verify({ method, path, parameters: [['policy', '']], host, body: '', service: 's3' }, exampleKey)
    }),
    { numRuns: 50 },
  )
})
