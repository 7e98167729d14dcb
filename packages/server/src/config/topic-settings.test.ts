import assert from 'node:assert/strict'
import { test } from 'vitest'
import { parseConfiguration } from './parse-configuration.ts'
import { ConfigurationError } from './sources.ts'

const configure = (flags: Record<string, string>, environment: Record<string, string> = {}) =>
  parseConfiguration({ flags, environment })
const complaint = (flags: Record<string, string>): string => {
  try {
    configure(flags)
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message
    throw error
  }
  return ''
}

test('without settings topics are the built-in ones and call nobody near', () => {
  const { sns, publicUrl, topics } = configure({})
  assert.deepEqual([sns, publicUrl, topics], [undefined, undefined, { subscriberNetworks: [] }])
})

test('endpoints lose the slash at their end, and the secret stays secret', () => {
  const given = {
    'public-url': 'https://opentrail.example.org/',
    'sns-certificate-url': 'https://sns.{region}.amazonaws.com/',
    'subscriber-networks': '10.20.0.0/16, ::1',
    'sns-endpoint': 'https://sns.{region}.amazonaws.com',
    'sns-access-key-id': 'AKIAEXAMPLE',
    'sns-secret-access-key-environment': 'SNS_SECRET',
  }
  const configuration = configure(given, { SNS_SECRET: 'secret-text' })
  assert.equal(configuration.publicUrl, 'https://opentrail.example.org')
  assert.deepEqual(configuration.topics, {
    subscriberNetworks: ['10.20.0.0/16', '::1'],
    certificateUrl: 'https://sns.{region}.amazonaws.com',
  })
  assert.equal(configuration.sns?.credentials.secretAccessKey.reveal(), 'secret-text')
  assert.ok(!JSON.stringify(configuration.sns).includes('secret-text'))
})

test('what is no URL or no network is named', () => {
  assert.match(complaint({ 'public-url': 'opentrail.example.org' }), /public-url/)
  assert.match(complaint({ 'sns-certificate-url': 'ftp://x' }), /sns-certificate-url/)
  assert.match(complaint({ 'subscriber-networks': 'example.org' }), /subscriber-networks/)
  assert.match(complaint({ 'sns-endpoint': 'https://sns.example.org' }), /sns-endpoint needs a URL, an access key id/)
})
