import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { describe, test } from 'vitest'
import { admitted, importing, minimal } from './admission.testing.ts'
import { hiddenValue, secretForms, secretNames, secretParameters } from './redaction-list.ts'

const parametersOf = (requestParameters: unknown, more: object = {}) =>
  admitted({ ...minimal, ...more, requestParameters }).json['requestParameters']
const jwt = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c'.repeat(20)}`
const signature = 'f'.repeat(64)

describe('by name', () => {
  test('every name of the list, in each spelling, in each part of the record, for each origin', () => {
    for (const name of secretNames.flatMap((group) => group.names)) {
      const spellings = [name, name.toUpperCase(), name.replace(/([A-Z])/g, '-$1'), `${name[0]}_${name.slice(1)}`]
      for (const spelling of spellings) {
        const secret = { deep: [{ [spelling]: 'hunter2' }] }
        for (const part of [
          'requestParameters',
          'responseElements',
          'additionalEventData',
          'serviceEventDetails',
          'custom',
        ])
          assert.ok(!admitted({ ...minimal, [part]: secret }).text.includes('hunter2'), `${part}.${spelling}`)
        const old = { eventTime: '2020-01-01T00:00:00Z', eventData: secret }
        assert.ok(!admitted(old, importing).text.includes('hunter2'), spelling)
      }
    }
  })
  test('a name written with escapes', () => {
    const { text } = admitted(
      JSON.stringify({ ...minimal, requestParameters: { PLACE: 'hunter2' } }).replace('PLACE', 'p\\u0061ss\\u0057ord'),
    )
    assert.ok(text.includes(`"p\\u0061ss\\u0057ord":"${hiddenValue}"`), text)
  })
  test('names that only contain one stay', () => {
    const harmless = {
      passwordResetRequired: 'no',
      secretId: 's',
      nextToken: 't',
      clientRequestToken: 'r',
      privateKeyId: 'p',
      keyId: 'k',
    }
    assert.deepEqual(parametersOf(harmless), harmless)
  })
  test('in objects and lists every string and number goes; structure, true, false, null and "" stay', () => {
    assert.deepEqual(parametersOf({ password: { a: ['x', 5, true, null, '', {}], b: { c: 'y' } } }), {
      password: { a: [hiddenValue, hiddenValue, true, null, '', {}], b: { c: hiddenValue } },
    })
  })
  test('what is hidden already stays as the service wrote it', () => {
    const hidden = { password: '****', keyMaterial: '<sensitiveDataRemoved>', token: hiddenValue }
    assert.deepEqual(parametersOf(hidden), hidden)
  })
})

describe('by call', () => {
  test('every parameter of the list', () => {
    for (const { source, eventNames, paths } of secretParameters)
      for (const eventName of eventNames)
        for (const path of paths) {
          const [part, ...steps] = path.split('.')
          const value = steps.reduceRight<unknown>(
            (inner, step) => (step === '*' ? [inner] : { [step]: inner }),
            'hunter2',
          )
          const record = { ...minimal, eventSource: source, eventName, [part!]: value }
          assert.ok(!admitted(record).text.includes('hunter2'), `${eventName} ${path}`)
          assert.ok(admitted({ ...record, eventName: 'Other' }).text.includes('hunter2'), 'only in this call')
        }
  })
  test('also under the dated name that some services log', () => {
    const lambda = { eventSource: 'lambda.amazonaws.com', eventName: 'UpdateFunctionConfiguration20150331v2' }
    assert.deepEqual(parametersOf({ environment: { variables: { A: 'x' } } }, lambda), {
      environment: { variables: { A: hiddenValue } },
    })
  })
})

describe('by form', () => {
  const secrets = [
    jwt,
    `Bearer ${'x'.repeat(20)}`,
    `authorization: bearer ${'x'.repeat(20)}`,
    `AWS4-HMAC-SHA256 Credential=AKIAX/20260304/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=${signature}`,
    `https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=${signature}`,
    `https://b.s3.amazonaws.com/k?AWSAccessKeyId=AKIAX&Expires=1&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D`,
    `-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----`,
    `-----BEGIN PRIVATE KEY-----\nMIIE`,
    'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  ]
  for (const secret of secrets) {
    test(`whole value below the top level: ${secret.slice(0, 40)}`, () => {
      assert.deepEqual(parametersOf({ a: ['before', `see ${secret}`] }), { a: ['before', hiddenValue] })
    })
    test(`only the secret in a top-level text: ${secret.slice(0, 40)}`, () => {
      const { json } = admitted({ ...minimal, errorMessage: `cannot read ${secret}` })
      assert.match(json['errorMessage'] as string, new RegExp(`^cannot read .*${hiddenValue}$`))
    })
    test(`written with escapes only: ${secret.slice(0, 40)}`, () => {
      const escaped = secret.replace(/[^]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
      const { json } = admitted(
        JSON.stringify({ ...minimal, requestParameters: { a: 'PLACE' } }).replace('PLACE', escaped),
      )
      assert.deepEqual(json['requestParameters'], { a: hiddenValue })
    })
  }
  test('what only looks alike stays', () => {
    const harmless = {
      next: 'eyJ2IjoiMiIsImMiOiJrc3Fha2M2VnRVR0JQU3Z3TFp',
      version: 'SignatureVersion=4',
      certificate: '-----BEGIN CERTIFICATE-----\nMIIE3zCCAseg\n-----END CERTIFICATE-----',
      hash: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      text: 'the bearer of this note',
    }
    assert.deepEqual(parametersOf(harmless), harmless)
  })
  test('envelopes carry no secret either', () => {
    const { envelope } = admitted({
      ...minimal,
      userIdentity: { type: 'IAMUser', userName: `Bearer ${'x'.repeat(30)}` },
    })
    assert.equal(envelope.event.username, hiddenValue)
  })
  test('redacting twice is redacting once, whatever stands around the secrets', () => {
    const piece = fc.constantFrom(
      ...secrets,
      'Bearer ',
      'Signature=',
      hiddenValue,
      'x'.repeat(16),
      ' ',
      'eyJ',
      '.',
      '-----BEGIN PRIVATE KEY-----',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const first = admitted({
          ...minimal,
          errorMessage: pieces.join(''),
          requestParameters: { a: pieces.join('') },
        }).text
        assert.equal(admitted(first).text, first)
      }),
    )
  })
  test('every mark is part of what its pattern finds, so that no secret passes the quick look', () => {
    for (const { what, pattern, marks } of secretForms)
      assert.ok(
        secrets.some((secret) => secret.match(pattern) && marks.some((mark) => secret.includes(mark))) ||
          what.includes('tokens in URLs'),
        what,
      )
  })
  test('long texts made to be slow are not', () => {
    for (const unit of [
      'eyJ',
      'Bearer ',
      'Signature=',
      '-----BEGIN PRIVATE KEY',
      'secret access key ',
      'X-Amz-Security-Token=',
      '-----BEGIN PRIVATE KEY-----',
    ])
      assert.ok(
        admitted(
          { eventTime: '2020-01-01T00:00:00Z', x: { a: unit.repeat(Math.floor(900_000 / unit.length)) } },
          importing,
        ).text,
      )
  })
})
