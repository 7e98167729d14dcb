import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { parseConfiguration } from './parse-configuration.ts'
import { ConfigurationError } from './sources.ts'

const configure = (flags: Record<string, string>, environment: Record<string, string> = {}) =>
  parseConfiguration({ flags: { test: 'true', ...flags }, environment })

/** All that is wrong, in one text. */
function complaint(flags: Record<string, string>, environment: Record<string, string> = {}): string {
  try {
    configure(flags, environment)
  } catch (error) {
    assert.ok(error instanceof ConfigurationError)
    return error.message
  }
  return ''
}

const whole = {
  'kms-endpoint': 'https://kms.{region}.amazonaws.com',
  'kms-access-key-id': 'AKIAEXAMPLE',
  'kms-secret-access-key-environment': 'KMS_SECRET',
}

describe('another KMS', () => {
  test('is a URL and an access key, whose secret never shows itself', () => {
    const { kms } = configure(whole, { KMS_SECRET: 'secret-text' })
    assert.equal(kms?.url, whole['kms-endpoint'])
    assert.equal(kms.credentials.accessKeyId, 'AKIAEXAMPLE')
    assert.equal(kms.credentials.secretAccessKey.reveal(), 'secret-text')
    assert.ok(!JSON.stringify(kms).includes('secret-text'))
    assert.equal(configure({}).kms, undefined)
  })

  test('of which something is missing or wrong stops the start', () => {
    for (const name of Object.keys(whole)) {
      const { [name as keyof typeof whole]: _left, ...rest } = whole
      assert.match(complaint(rest, { KMS_SECRET: 'x' }), /kms-endpoint needs a URL, an access key id/, name)
    }
    assert.match(complaint(whole), /the variable KMS_SECRET, which is not set/)
    assert.match(
      complaint({ ...whole, 'kms-secret-access-key-file': '/none' }, { KMS_SECRET: 'x' }),
      /kms-endpoint needs a URL/,
    )
    for (const url of ['kms.example.org', 'ftp://kms.example.org', 'https://user:pass@kms.example.org', 'https://x?y'])
      assert.match(complaint({ ...whole, 'kms-endpoint': url }, { KMS_SECRET: 'x' }), /kms-endpoint/, url)
  })
})
