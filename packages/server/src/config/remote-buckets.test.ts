import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, test } from 'vitest'
import { ConfigurationError, describeSettings, parseConfiguration, type Sources } from './index.ts'

const secret = 'wJalrXUtn/FEMI+K7MDENG'
const entry = (more: object = {}): Record<string, unknown> => ({
  name: 'logs',
  region: 'eu-west-1',
  'access-key-id': 'AKID',
  'secret-access-key': secret,
  ...more,
})
const directory = mkdtempSync(join(tmpdir(), 'opentrail-buckets-'))
const file = (name: string, content: string): string => {
  writeFileSync(join(directory, name), content)
  return join(directory, name)
}
const parse = (buckets: unknown, environment: Sources['environment'] = {}) =>
  parseConfiguration({ flags: { buckets }, environment }).buckets
const problemsOf = (run: () => unknown): readonly string[] => {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
  return []
}
const complaints = (buckets: unknown, environment: Sources['environment'] = {}): string[] =>
  problemsOf(() => parse(buckets, environment)).map((problem) => problem.replace('flag --buckets: buckets ', ''))

describe('remote buckets', () => {
  test('are a list in the file, or its JSON text in the environment or a flag', () => {
    const path = file('opentrail.json', JSON.stringify({ buckets: [entry()] }))
    const json = JSON.stringify([entry()])
    for (const { buckets } of [
      parseConfiguration({ flags: {}, environment: {}, file: path }),
      parseConfiguration({ flags: {}, environment: { OPENTRAIL_BUCKETS: json } }),
      parseConfiguration({ flags: { buckets: json }, environment: {} }),
    ]) {
      const [{ credentials, ...rest } = assert.fail(), ...more] = buckets
      assert.deepEqual(more, [])
      assert.deepEqual(rest, {
        name: 'logs',
        region: 'eu-west-1',
        pathStyle: false,
        conditionalPut: 'auto',
        checkPolicy: true,
      })
      assert.equal(credentials.accessKeyId, 'AKID')
      assert.equal(credentials.secretAccessKey.reveal(), secret)
      assert.equal(credentials.sessionToken, undefined)
    }
  })

  test('say everything that a store needs', () => {
    const [all = assert.fail()] = parse([
      entry({
        name: 'logs-*',
        endpoint: 'https://minio.example.org:9000',
        'path-style': false,
        'session-token': 'token',
        'conditional-put': 'off',
        'check-policy': false,
      }),
    ])
    const { credentials, ...rest } = all
    assert.deepEqual(rest, {
      name: 'logs-*',
      endpoint: 'https://minio.example.org:9000',
      region: 'eu-west-1',
      pathStyle: false,
      conditionalPut: 'off',
      checkPolicy: false,
    })
    assert.equal(credentials.sessionToken?.reveal(), 'token')
    assert.equal(parse([entry({ endpoint: 'http://127.0.0.1:9000' })])[0]?.pathStyle, true)
  })

  test('take their secret key from a file or a variable', () => {
    const elsewhere = { 'secret-access-key': undefined }
    const fromFile = entry({ ...elsewhere, 'secret-access-key-file': file('key', `${secret}\n`) })
    const fromVariable = entry({ ...elsewhere, 'secret-access-key-environment': 'S3_SECRET' })
    for (const given of [fromFile, fromVariable]) {
      const [one] = parse(JSON.stringify([given]), { S3_SECRET: secret })
      assert.equal(one?.credentials.secretAccessKey.reveal(), secret)
    }
    assert.deepEqual(complaints(JSON.stringify([fromVariable])), [
      'entry 1 ("logs") has its secret key in the variable S3_SECRET, which is not set',
    ])
    const missing = JSON.stringify([entry({ ...elsewhere, 'secret-access-key-file': '/nowhere/key' })])
    assert.match(
      complaints(missing)[0]!,
      /^entry 1 \("logs"\) has its secret key in \/nowhere\/key, which cannot be read/,
    )
    const twoLines = JSON.stringify([entry({ ...elsewhere, 'secret-access-key-file': file('two', 'a\nb\n') })])
    assert.match(complaints(twoLines)[0]!, /more than one line/)
  })
})

describe('complaints', () => {
  test('name the entry and the key, all at once', () => {
    assert.deepEqual(
      complaints([
        { ...entry(), regoin: 'x' },
        entry({ name: 'No_Bucket', endpoint: 'ftp://x', 'conditional-put': 'maybe', 'check-policy': 'yes' }),
        'logs',
        { name: 'more' },
        entry({ name: 'others', 'secret-access-key-file': '/k' }),
        entry({ name: 'rest', 'secret-access-key': undefined, 'secret-access-key-environment': 'OPENTRAIL_SECRET' }),
      ]),
      [
        'entry 1 has no "regoin"; did you mean "region"?',
        'entry 2 needs a URL such as https://minio.example.org:9000, without user, query and #, as "endpoint"',
        'entry 2 needs a bucket’s name, a beginning such as logs-*, or * as "name"',
        'entry 2 needs auto, on or off as "conditional-put"',
        'entry 2 needs true or false as "check-policy"',
        'entry 3 must be an object',
        'entry 4 has no "region": the Region that the store signs for, such as us-east-1',
        'entry 4 has no "access-key-id": a text',
        'entry 4 needs exactly one of secret-access-key, secret-access-key-file, secret-access-key-environment',
        'entry 5 needs exactly one of secret-access-key, secret-access-key-file, secret-access-key-environment',
        'entry 6 needs a variable’s name, none that begins with OPENTRAIL_, as "secret-access-key-environment"',
      ],
    )
    assert.deepEqual(complaints({}), [
      'must be a list of objects such as [{"name": "my-logs", "region": "eu-west-1", ...}]',
    ])
    assert.match(complaints(Array.from({ length: 101 }, () => entry()))[0]!, /has 101 entries; 100 is the most/)
  })

  test('an entry behind one that takes its buckets is a mistake', () => {
    const named = (...names: string[]) => names.map((name) => entry({ name }))
    assert.deepEqual(complaints(named('logs', 'logs-*', '*')), [])
    assert.deepEqual(complaints(named('logs-*', 'logs-a*', 'logs')), [
      'entry 2 ("logs-a*") is never used: entry 1 ("logs-*") comes first',
    ])
    assert.deepEqual(complaints(named('*', 'logs')), ['entry 2 ("logs") is never used: entry 1 ("*") comes first'])
    assert.deepEqual(complaints(named('logs', 'logs')), [
      'entry 2 ("logs") is never used: entry 1 ("logs") comes first',
    ])
  })

  test('endpoints that would carry or lose something are refused', () => {
    for (const endpoint of [
      'https://user:pass@host',
      'https://host/?x=1',
      'https://host/#x',
      'host:9000',
      'https://',
      7,
    ])
      assert.match(complaints([entry({ endpoint })])[0] ?? '', /endpoint/, String(endpoint))
    assert.deepEqual(complaints([entry({ endpoint: 'https://host/base' })]), [])
  })
})

describe('a secret key is never shown', () => {
  test('not by a configuration that is printed', () => {
    const configuration = parseConfiguration({
      flags: { buckets: [entry({ 'session-token': secret })] },
      environment: {},
    })
    const shown = [
      JSON.stringify(configuration),
      inspect(configuration, { depth: 20 }),
      configuration.buckets.map(({ credentials }) => String(credentials.secretAccessKey)).join(''),
    ]
    for (const text of shown) assert.ok(!text.includes(secret), text)
  })

  test('not by a complaint, wherever the mistake is', () => {
    const wrong = [
      `[{"secret-access-key": "${secret}" "name": 1}]`,
      `[{"secret-access-key": ${secret}}]`,
      `{"secret-access-key": "${secret}"`,
      [entry({ 'secret-access-key': { value: secret } })],
      [entry({ 'secret-access-key': `${secret}\nx` })],
      [entry({ 'access-key-id': `${secret} ` })],
      [entry({ 'secret-access-key-environment': secret })],
      [secret],
      secret,
    ]
    for (const buckets of wrong) {
      const told = complaints(buckets)
      assert.ok(told.length > 0, inspect(buckets))
      // Pieces of it neither: a JSON parser quotes what stands around a mistake.
      for (let at = 0; at + 6 <= secret.length; at++)
        assert.ok(!told.join('\n').includes(secret.slice(at, at + 6)), told.join('\n'))
    }
    const path = file('broken.json', `{"buckets": [{"secret-access-key": "${secret}" x}]}`)
    const told = problemsOf(() => parseConfiguration({ flags: {}, environment: {}, file: path })).join('\n')
    assert.match(told, /cannot be read as JSON/)
    assert.ok(!told.includes('K7MDENG'), told)
  })

  test('not by the reference', () => {
    const buckets = describeSettings().find(({ name }) => name === 'buckets')
    assert.deepEqual(
      [buckets?.flag, buckets?.environment, buckets?.fallback],
      ['--buckets JSON', 'OPENTRAIL_BUCKETS', 'none'],
    )
  })
})

describe('delivery', () => {
  const delivery = (flags: Record<string, unknown>) => parseConfiguration({ flags, environment: {} }).delivery
  test('has its interval and its two sizes', () => {
    assert.deepEqual(delivery({}), { intervalMs: 60_000, spoolBytesMax: 10 * 2 ** 30, backlogBytesMax: 2 * 2 ** 30 })
    assert.deepEqual(
      delivery({
        'delivery-interval': '1.5m',
        'delivery-spool-bytes-max': '1GiB',
        'delivery-backlog-bytes-max': '64MiB',
      }),
      { intervalMs: 90_000, spoolBytesMax: 2 ** 30, backlogBytesMax: 64 * 2 ** 20 },
    )
  })

  test('an interval has a unit and is from 1s to 15m', () => {
    for (const good of ['1s', '1000ms', '15m', '900s', '0.25h'])
      assert.ok(delivery({ 'delivery-interval': good }).intervalMs > 0, good)
    for (const bad of ['999ms', '16m', '60', 60, '', '-1s', '1 week', '1m30s'])
      assert.deepEqual(
        problemsOf(() => delivery({ 'delivery-interval': bad })),
        [
          `flag --delivery-interval: delivery-interval must be a time from 1s to 15m such as 60s, not ${JSON.stringify(bad)}`,
        ],
      )
  })
})
