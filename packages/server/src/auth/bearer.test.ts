import assert from 'node:assert/strict'
import { test } from 'vitest'
import { hasBearerToken, verifyBearer } from './bearer.ts'
import { credentialOf, credentialSource } from './sigv4.testing.ts'

const credentials = credentialSource(credentialOf({ accessKeyId: 'A', secretAccessKey: 'token-1' }))

test('a bearer token stands for its principal, and nothing else does', () => {
  assert.equal(verifyBearer(['Authorization', 'Bearer token-1'], credentials).userName, 'alice')
  assert.equal(verifyBearer(['authorization', 'bearer token-1'], credentials).userName, 'alice')
  const refused = (rawHeaders: string[], code: string) =>
    assert.throws(() => verifyBearer(rawHeaders, credentials), { code, status: 403 })
  refused([], 'MissingAuthenticationTokenException')
  refused(['authorization', 'Bearer token-2'], 'UnrecognizedClientException')
  refused(['authorization', 'Bearer '], 'IncompleteSignatureException')
  refused(['authorization', 'Basic token-1'], 'IncompleteSignatureException')
  refused(['authorization', `Bearer ${'x'.repeat(513)}`], 'IncompleteSignatureException')
  refused(['authorization', 'Bearer token-1', 'authorization', 'Bearer token-1'], 'IncompleteSignatureException')
  assert.equal(hasBearerToken(['authorization', 'AWS4-HMAC-SHA256 x']), false)
  assert.equal(hasBearerToken(['authorization', 'Bearer x']), true)
})
