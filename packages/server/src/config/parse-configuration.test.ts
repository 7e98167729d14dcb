import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import {
  ConfigurationError,
  defaultDataDirectory,
  describeSettings,
  parseConfiguration,
  settingNames,
} from './index.ts'
import type { Sources } from './index.ts'

const parse = (sources: Partial<Sources>) => parseConfiguration({ flags: {}, environment: {}, ...sources })
const file = (content: unknown): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'opentrail-config-')), 'opentrail.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}
const problemsOf = (sources: Partial<Sources>): readonly string[] => {
  try {
    parse(sources)
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
  return []
}

describe('precedence', () => {
  test('a flag beats the environment, that the file, that the default', () => {
    const path = file({ port: 1, host: '127.0.0.2', region: 'eu-west-1', 'retention-days': 30 })
    const configuration = parse({
      file: path,
      environment: { OPENTRAIL_PORT: '2', OPENTRAIL_HOST: '127.0.0.3' },
      flags: { port: '3' },
    })
    assert.equal(configuration.port, 3)
    assert.equal(configuration.host, '127.0.0.3')
    assert.equal(configuration.region, 'eu-west-1')
    assert.equal(configuration.journal.retentionDays, 30)
    assert.equal(configuration.log.level, 'info')
  })

  test('the file can be named by OPENTRAIL_CONFIG', () => {
    assert.equal(parse({ environment: { OPENTRAIL_CONFIG: file({ port: 77 }) } }).port, 77)
  })

  test('an absent flag and an empty variable give no value', () => {
    assert.equal(parse({ flags: { port: undefined }, environment: { OPENTRAIL_PORT: '' } }).port, 4580)
  })

  test('every setting can be given in each of the three places', () => {
    const given: Record<string, string> = {
      port: '5',
      data: '/d',
      'log-level': 'warn',
      'trusted-proxies': '10.0.0.0/8',
    }
    const environment = { OPENTRAIL_PORT: '5', OPENTRAIL_DATA: '/d', OPENTRAIL_LOG_LEVEL: 'warn' }
    const expected = parse({ flags: given })
    assert.deepEqual(parse({ file: file(given) }), expected)
    assert.deepEqual(parse({ environment: { ...environment, OPENTRAIL_TRUSTED_PROXIES: '10.0.0.0/8' } }), expected)
  })
})

describe('values', () => {
  test('sizes have units, lists commas, switches words', () => {
    const configuration = parse({
      flags: {
        'journal-bytes-max': '512MiB',
        regions: 'eu-west-1, us-east-1',
        throttle: true,
        'engine-memory-bytes-max': '1 GB',
      },
    })
    assert.equal(configuration.journal.bytesMax, 512 * 1024 * 1024)
    assert.deepEqual(configuration.regions, ['eu-west-1', 'us-east-1'])
    assert.equal(configuration.throttle, true)
    assert.equal(configuration.engine.memoryBytesMax, 1e9)
  })

  test('choices become unions with one shape each', () => {
    assert.deepEqual(parse({ flags: { data: '/srv/trail' } }).mode, { kind: 'production', data: '/srv/trail' })
    assert.deepEqual(parse({ flags: { test: true } }).mode, { kind: 'test' })
    assert.deepEqual(parse({}).tls, { kind: 'off' })
    assert.deepEqual(parse({ flags: { 'tls-cert': '/c', 'tls-key': '/k', 'tls-client-ca': '/a' } }).tls, {
      kind: 'mutual',
      certFile: '/c',
      keyFile: '/k',
      clientCaFile: '/a',
    })
    assert.deepEqual(parse({}).rootKey, { kind: 'generated' })
    assert.deepEqual(parse({ flags: { 'root-key-command': 'pass trail' } }).rootKey, {
      kind: 'command',
      command: 'pass trail',
    })
  })

  test('data of a checkout stays in it; an installed server uses the data directory of the user', () => {
    assert.equal(defaultDataDirectory({}, '/src/opentrail'), '/src/opentrail/.data')
    assert.equal(defaultDataDirectory({ HOME: '/home/kim' }, undefined), '/home/kim/.local/share/opentrail')
    assert.match(String((parse({}).mode as { data?: string }).data), /\.data$/)
  })
})

describe('complaints', () => {
  test('all problems are told at once, each in one line with its place', () => {
    const path = file({ prot: 1, 'log-level': 'loud' })
    const problems = problemsOf({
      file: path,
      environment: { OPENTRAIL_REGION: 'EU' },
      flags: { port: '70000', color: 'x' },
    })
    assert.deepEqual(problems.toSorted(), [
      'environment OPENTRAIL_REGION: region must be a Region name, not "EU"',
      `file ${path}: log-level must be one of debug, info, warn, error, silent, not "loud"`,
      `file ${path}: there is no setting "prot"; did you mean "port"?`,
      'flag --color: there is no such setting',
      'flag --port: port must be a whole number from 0 to 65535, not "70000"',
    ])
  })

  test('an unknown variable is named, unless it is none of ours', () => {
    assert.deepEqual(problemsOf({ environment: { OPENTRAIL_PROT: '1' } }), [
      'environment OPENTRAIL_PROT: there is no such setting; did you mean "OPENTRAIL_PORT"?',
    ])
    const kubernetes = {
      OPENTRAIL_SERVICE_HOST: '10.0.0.1',
      OPENTRAIL_PORT: 'tcp://10.0.0.1:4580',
      OPENTRAIL_PORT_4580_TCP: 'x',
    }
    assert.deepEqual(problemsOf({ environment: { ...kubernetes, OPENTRAIL_ENDPOINT: 'http://h', PATH: '/bin' } }), [])
    assert.deepEqual(
      problemsOf({ environment: { OPENTRAIL_ROOT_KEY_ENVIRONMENT: 'OPENTRAIL_KEY', OPENTRAIL_KEY: 'x' } }),
      [],
    )
  })

  test('test mode keeps nothing and listens to nobody outside', () => {
    assert.deepEqual(problemsOf({ flags: { test: true, data: '/d', host: '0.0.0.0' } }), [
      'flag --data: data cannot be set in test mode, whose data is temporary',
      'flag --host: host "0.0.0.0" must be a loopback address in test mode, such as 127.0.0.1',
    ])
    for (const host of ['127.0.0.1', '127.8.8.8', '::1', 'localhost'])
      assert.deepEqual(problemsOf({ flags: { test: true, host } }), [], host)
    for (const host of ['::', '10.0.0.1', '::ffff:10.0.0.1', 'localhost.example.org', '128.0.0.1'])
      assert.equal(problemsOf({ flags: { test: true, host } }).length, 1, host)
  })

  test('settings that contradict or need one another are told', () => {
    assert.match(problemsOf({ flags: { 'tls-cert': '/c' } })[0]!, /tls-cert needs tls-key/)
    assert.match(problemsOf({ flags: { 'tls-client-ca': '/c' } })[0]!, /needs tls-cert and tls-key/)
    assert.match(problemsOf({ flags: { 'root-key-file': '/c', 'root-key-command': 'x' } })[0]!, /choose one of/)
    assert.match(problemsOf({ flags: { region: 'eu-west-1', regions: 'us-east-1' } })[0]!, /must be one of the regions/)
    assert.match(problemsOf({ flags: { regions: 'us-east-1,us-east-1' } })[0]!, /names "us-east-1" twice/)
  })

  test('a file that is absent, no JSON or no object is one line', () => {
    assert.match(problemsOf({ file: '/nowhere/opentrail.json' })[0]!, /^file \/nowhere\/opentrail.json: cannot be read/)
    assert.match(problemsOf({ file: file('{') })[0]!, /cannot be read as JSON/)
    assert.match(problemsOf({ file: file([]) })[0]!, /must hold one JSON object/)
  })
})

test('the reference describes every setting', () => {
  assert.deepEqual(
    describeSettings().map(({ name }) => name),
    settingNames,
  )
  const journal = describeSettings().find(({ name }) => name === 'journal-bytes-max')
  assert.deepEqual(journal?.fallback, '`20GiB`')
  assert.equal(journal?.environment, 'OPENTRAIL_JOURNAL_BYTES_MAX')
})
