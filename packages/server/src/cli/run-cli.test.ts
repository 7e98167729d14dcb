import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, test } from 'vitest'
import { call, dataDirectoryOf, fakeServer, temporaryDirectory, type Request } from './cli.testing.ts'

const keys = { AWS_ACCESS_KEY_ID: 'AKIAXMPLKEY000000001', AWS_SECRET_ACCESS_KEY: 'secret' }
const notFound = { status: 404, body: { __type: 'NotFound', Message: 'There is nothing here.' } }
const event = (name: string, time = 1_772_618_400) => ({
  EventId: 'a',
  EventName: name,
  EventSource: 'iam.amazonaws.com',
  EventTime: time,
  Username: 'kim',
  Resources: [],
  CloudTrailEvent: JSON.stringify({ eventName: name, errorCode: 'AccessDenied' }),
})
const inputOf = (request: Request) => JSON.parse(request.body.toString()) as Record<string, unknown>

/** A production server whose LookupEvents answers as given. */
const lookupServer = (answer: (input: Record<string, unknown>, request: Request) => unknown) =>
  fakeServer((request) => (request.path === '/' ? { body: answer(inputOf(request), request) } : notFound))

describe('help and mistakes', () => {
  test('every command has help', async () => {
    for (const command of [
      'start',
      'env',
      'lookup-events',
      'ls',
      'cat',
      'export',
      'validate-logs',
      'demo',
      'send',
      'doctor',
      'version',
    ]) {
      const { exitCode, stdout } = await call([command, '--help'])
      assert.equal(exitCode, 0, command)
      assert.match(stdout, new RegExp(`opentrail ${command}`))
    }
    for (const group of ['account', 'user', 'key', 'bucket', 'trail', 'clock'])
      assert.match((await call([group, '--help'])).stdout, /COMMANDS/)
  })

  test('without arguments the help is shown', async () => {
    assert.match((await call([])).stdout, /lookup-events +Search the event history/)
  })

  test('a command of the design that is not there yet says so, a wrong one is corrected', async () => {
    const missing = await call(['completeness', '--trail', 'x'])
    assert.deepEqual([missing.exitCode, missing.stderr], [2, 'opentrail completeness is not built in this version\n'])
    const wrong = await call(['lokup-events'])
    assert.equal(wrong.exitCode, 2)
    assert.match(wrong.stderr, /lookup-events/)
    assert.doesNotMatch((await call(['--help'])).stdout, /completeness/)
  })

  test('a bad setting stops the start before anything is opened', async () => {
    const { exitCode, stderr } = await call(['start', '--port', 'x', '--test', '--data', '/d'])
    assert.equal(exitCode, 2)
    assert.match(stderr, /flag --port: port must be a whole number/)
  })

  test('nothing listening is one clear line', async () => {
    const server = await fakeServer(() => ({}))
    await server[Symbol.asyncDispose]()
    const { exitCode, stderr } = await call(['lookup-events', '--endpoint', server.endpoint], { environment: keys })
    assert.equal(exitCode, 1)
    assert.match(stderr, new RegExp(`^opentrail: nothing listens at ${server.endpoint}: start it with npm start\n$`))
  })

  test('no server at all says how to start one', async () => {
    const { exitCode, stderr } = await call(['env', '--data', temporaryDirectory()])
    assert.equal(exitCode, 1)
    assert.match(stderr, /no server is running for .*npm start/)
  })
})

describe('env', () => {
  test('prints what a shell takes in, from the data directory', async () => {
    await using server = await fakeServer(() => notFound)
    const data = dataDirectoryOf(server.endpoint)
    // What an earlier `eval` left in the shell must not lead back to another server.
    const environment = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_REGION: 'x', ...keys, OPENTRAIL_DATA: data }
    const { stdout } = await call(['env'], { environment })
    const script = `${stdout}\nprintf '%s\\n' "$AWS_ENDPOINT_URL" "$AWS_REGION" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "\${AWS_PROFILE-none}"`
    const shell = execFileSync('sh', ['-c', script], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], AWS_PROFILE: 'work' },
    })
    assert.equal(shell, `${server.endpoint}\neu-west-1\nAKIAXMPLADMIN0000001\nit's secret/+\nnone\n`)
  })

  test('knows a test server by its clock', async () => {
    await using server = await fakeServer(() => ({ body: { now: '2026-03-04T10:00:00Z', frozen: false } }))
    const { stdout } = await call(['env', '--endpoint', server.endpoint, '--format', 'json'])
    assert.deepEqual(JSON.parse(stdout), {
      AWS_ENDPOINT_URL: server.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    })
  })

  test('never gives the key of a data directory to a server that is not its own', async () => {
    await using server = await fakeServer(() => notFound)
    const data = dataDirectoryOf('http://127.0.0.1:9')
    const { exitCode, stderr } = await call(['env', '--endpoint', server.endpoint], {
      environment: { OPENTRAIL_DATA: data },
    })
    assert.equal(exitCode, 1)
    assert.match(stderr, /no credentials/)
  })
})

describe('lookup-events', () => {
  test('asks signed, by one attribute and time, in the Region that is meant', async () => {
    await using server = await lookupServer(() => ({ Events: [event('CreateUser')] }))
    const args = ['lookup-events', '--endpoint', server.endpoint, '--region', 'eu-west-2', '--event-name', 'CreateUser']
    const now = Date.UTC(2026, 2, 4, 12)
    const { exitCode, stdout } = await call([...args, '--start-time', '2h', '--end-time', '2026-03-04T11:30:00Z'], {
      environment: keys,
      now,
    })
    assert.equal(exitCode, 0)
    assert.match(stdout, /^TIME +EVENT +SOURCE +USER/)
    assert.match(stdout, /2026-03-04T10:00:00Z +CreateUser +iam +kim +AccessDenied/)
    const asked = server.requests.filter(({ path }) => path === '/')
    assert.equal(asked.length, 1)
    assert.equal(asked[0]!.region, 'eu-west-2')
    assert.match(
      asked[0]!.headers.authorization ?? '',
      /^AWS4-HMAC-SHA256 Credential=AKIAXMPLKEY000000001\/20260304\/eu-west-2\/cloudtrail\//,
    )
    assert.deepEqual(inputOf(asked[0]!), {
      LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'CreateUser' }],
      StartTime: now / 1_000 - 7_200,
      EndTime: now / 1_000 - 1_800,
      MaxResults: 50,
    })
  })

  test('follows the pages, empty ones too, up to the wanted number', async () => {
    await using server = await lookupServer(({ NextToken }) => {
      const page = Number(NextToken ?? 0)
      return { Events: page === 1 ? [] : [event(`E${page}a`), event(`E${page}b`)], NextToken: String(page + 1) }
    })
    const args = [
      'lookup-events',
      '--endpoint',
      server.endpoint,
      '--max-items',
      '3',
      '--max-results',
      '2',
      '--format',
      'json',
    ]
    const { stdout, stderr } = await call(args, { environment: keys })
    const { Events } = JSON.parse(stdout) as { Events: { EventName: string; EventTime: string }[] }
    assert.deepEqual(
      Events.map(({ EventName }) => EventName),
      ['E0a', 'E0b', 'E2a'],
    )
    assert.equal(Events[0]!.EventTime, '2026-03-04T10:00:00Z')
    assert.match(stderr, /There are more/)
    assert.ok(server.requests.slice(1).every((request) => inputOf(request)['MaxResults'] === 2))
  })

  test('a server that never ends its empty pages is left', async () => {
    await using server = await lookupServer(() => ({ Events: [], NextToken: 'again' }))
    assert.equal((await call(['lookup-events', '--endpoint', server.endpoint], { environment: keys })).exitCode, 0)
    assert.ok(server.requests.length < 200)
  })

  test('says where there is something when there is nothing here', async () => {
    await using server = await lookupServer((_, { region }) => {
      if (region === 'us-east-1') return { Events: Array.from({ length: 42 }, () => event('ConsoleLogin')) }
      if (region === 'eu-west-3')
        return { Events: Array.from({ length: 50 }, () => event('ConsoleLogin')), NextToken: 'more' }
      // The question of an earlier search is no event that anybody looks for.
      if (region === 'sa-east-1')
        return {
          Events: [{ ...event('LookupEvents'), CloudTrailEvent: '{"userAgent":"opentrail-cli (other regions)"}' }],
        }
      return { Events: [] }
    })
    const { stdout, stderr } = await call(['lookup-events', '--endpoint', server.endpoint, '--region', 'eu-west-1'], {
      environment: keys,
    })
    assert.equal(stdout, '')
    assert.equal(stderr, '0 in eu-west-1; 50+ in eu-west-3, 42 in us-east-1. Ask there with --region eu-west-3.\n')
  })

  test('tells the refusal of the service and what helps', async () => {
    await using server = await fakeServer(({ path }) =>
      path === '/'
        ? { status: 403, body: { __type: 'UnrecognizedClientException', Message: 'The security token is invalid.' } }
        : notFound,
    )
    const { exitCode, stderr } = await call(['lookup-events', '--endpoint', server.endpoint], { environment: keys })
    assert.equal(exitCode, 1)
    assert.match(stderr, /UnrecognizedClientException\): The security token is invalid\.\n.*opentrail key create/)
  })

  test.for([
    [['--event-name', 'a', '--username', 'b'], /by one attribute/],
    [['--attribute', 'Event=x'], /one of EventId, EventName/],
    [['--attribute', 'EventName'], /has no value/],
    [['--read-only', 'yes'], /true or false/],
    [['--max-items', '0'], /whole number/],
    [['--max-results', '51'], /from 1 to 50/],
  ] as const)('%o is misuse', async ([args, expected]) => {
    await using server = await lookupServer(() => ({ Events: [] }))
    const { exitCode, stderr } = await call(['lookup-events', '--endpoint', server.endpoint, ...args], {
      environment: keys,
    })
    assert.equal(exitCode, 2)
    assert.match(stderr, expected)
  })

  test('what a record says cannot move the terminal', async () => {
    await using server = await lookupServer(() => ({
      Events: [{ ...event('Create\u001b[2JUser'), Username: 'a\u202eb\nc' }],
    }))
    const { stdout } = await call(['lookup-events', '--endpoint', server.endpoint], { environment: keys })
    // eslint-disable-next-line no-control-regex -- exactly these must not be there
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\u0000-\u001f\u202e]/)
    assert.equal(stdout.trimEnd().split('\n').length, 2)
  })
})

describe('demo and send', () => {
  const intake = (request: Request) => {
    if (request.path === '/test/clock') return { body: { now: '2030-01-01T00:00:00Z', frozen: true } }
    const received = request.body.toString().trimEnd().split('\n').length
    return {
      body: {
        received,
        stored: received - 1,
        duplicates: 0,
        refused: 1,
        refusals: [{ index: 0, code: 'UnknownRegion', message: 'No such Region.' }],
      },
    }
  }

  test('the demo plays the hour before the virtual time of a test server', async () => {
    await using server = await fakeServer(intake)
    const { exitCode, stdout } = await call(['demo', '--endpoint', server.endpoint, '--account', '111122223333'])
    assert.equal(exitCode, 0)
    const posts = server.requests.filter(({ path }) => path === '/events')
    const records = posts
      .flatMap(({ body }) => body.toString().trimEnd().split('\n'))
      .map((line) => JSON.parse(line) as { eventTime: string; recipientAccountId: string })
    assert.ok(
      records.every(({ eventTime }) => eventTime >= '2029-12-31T23:00:00Z' && eventTime <= '2030-01-01T00:00:00Z'),
    )
    assert.ok(records.every(({ recipientAccountId }) => recipientAccountId === '111122223333'))
    assert.match(
      stdout,
      new RegExp(
        `^${records.length} records sent: ${records.length - posts.length} stored, ${posts.length} refused\\.\n  UnknownRegion: No such Region\\. \\(record 1`,
      ),
    )
    assert.equal(stdout.match(/lookup-events/g)?.length, 3)
  })

  test('the demo can be printed instead', async () => {
    const { stdout } = await call(['demo', '--print-only', '--seed', '3'], { now: Date.UTC(2026, 2, 4) })
    assert.equal(stdout, (await call(['demo', '--print-only', '--seed', '3'], { now: Date.UTC(2026, 2, 4) })).stdout)
    assert.ok(
      stdout
        .trimEnd()
        .split('\n')
        .every((line) => 'eventID' in (JSON.parse(line) as object)),
    )
  })

  test('a file is sent as it is, and refused records fail the command', async () => {
    await using server = await fakeServer(intake)
    const path = join(temporaryDirectory(), 'events.json.gz')
    const bytes = gzipSync('{"Records":[{"count":2.0}]}')
    writeFileSync(path, bytes)
    const { exitCode, stderr } = await call(['send', path, '--endpoint', server.endpoint])
    assert.equal(exitCode, 1)
    assert.match(stderr, /1 of \d+ records were refused/)
    const post = server.requests.find((request) => request.path === '/events')
    assert.deepEqual(post?.body, bytes)
    assert.equal(post?.headers['content-encoding'], 'gzip')
  })

  test('standard input is -, and an absent or empty file is told', async () => {
    await using server = await fakeServer(intake)
    await call(['send', '-', '--endpoint', server.endpoint], { stdin: '{"a":1}\n' })
    assert.equal(server.requests.at(-1)?.body.toString(), '{"a":1}\n')
    assert.match((await call(['send', '-', '--endpoint', server.endpoint])).stderr, /standard input is empty/)
    assert.match((await call(['send', '/nowhere', '--endpoint', server.endpoint])).stderr, /\/nowhere cannot be read/)
  })
})

describe('clock', () => {
  test('moves the clock of a test server', async () => {
    await using server = await fakeServer(({ path }) => ({
      body: { now: '2026-03-04T10:00:00Z', frozen: path.endsWith('/freeze') },
    }))
    const clock = async (...args: string[]) => (await call(['clock', ...args, '--endpoint', server.endpoint])).stdout
    assert.equal(await clock('show'), '2026-03-04T10:00:00Z\n')
    assert.equal(await clock('freeze'), '2026-03-04T10:00:00Z (frozen)\n')
    await clock('advance', '1h30m')
    await clock('set', '2026-03-05T00:00')
    const posts = server.requests
      .filter(({ method }) => method === 'POST')
      .map(({ path, body }) => [path, body.toString()])
    assert.deepEqual(posts, [
      ['/test/clock/freeze', '{}'],
      ['/test/clock/advance', '{"milliseconds":5400000}'],
      ['/test/clock/set', '{"time":"2026-03-05T00:00:00Z"}'],
    ])
  })

  test('a production server has none', async () => {
    await using server = await fakeServer(() => notFound)
    const { exitCode, stderr } = await call(['clock', 'advance', '1h', '--endpoint', server.endpoint], {
      environment: keys,
    })
    assert.equal(exitCode, 1)
    assert.match(stderr, /is no test server/)
  })
})

describe('accounts, users and keys', () => {
  const owner = async (args: string[], body: unknown, status = 200) => {
    const socket = join(temporaryDirectory(), 'control.sock')
    await using server = await fakeServer(() => ({ body, status }), socket)
    const data = dataDirectoryOf('http://127.0.0.1:9', socket)
    const called = await call([...args, '--data', data])
    return { ...called, request: server.requests[0] }
  }

  test('a user is created in the server’s own account', async () => {
    const { request, stdout } = await owner(['user', 'create', 'shop', '--role', 'producer'], {
      userName: 'shop',
      role: 'producer',
    })
    assert.equal(request?.path, '/users/create')
    assert.deepEqual(inputOf(request), { account: '111122223333', userName: 'shop', role: 'producer' })
    assert.match(stdout, /userName: +shop\nrole: +producer/)
  })

  test('a secret is printed under the name that its users know', async () => {
    const created = { accessKeyId: 'AKIA1', secret: 's3cret' }
    const key = await owner(['key', 'create', 'shop', '--format', 'json'], { ...created, kind: 'signature' })
    assert.deepEqual(JSON.parse(key.stdout), { accessKeyId: 'AKIA1', kind: 'signature', secretAccessKey: 's3cret' })
    const token = await owner(['key', 'create', 'shop', '--kind', 'bearer'], { ...created, kind: 'bearer' })
    assert.match(token.stdout, /token: +s3cret/)
    assert.match(token.stderr, /only time/)
  })

  test('lists are tables, or JSON', async () => {
    const users = [{ userName: 'ana', role: 'auditor', arn: 'arn', createdAt: '2026' }]
    assert.match(
      (await owner(['user', 'list'], { users })).stdout,
      /^USER NAME +ROLE +ALL ACCOUNTS +ARN +CREATED AT\nana +auditor +arn +2026\n$/,
    )
    assert.deepEqual(JSON.parse((await owner(['user', 'list', '--format', 'json'], users)).stdout), users)
  })

  test('a refusal is told in its own words', async () => {
    const { exitCode, stderr } = await owner(
      ['key', 'delete', 'shop', 'AKIA1'],
      { error: { code: 'NoSuchEntity', message: 'It cannot be found.' } },
      404,
    )
    assert.equal(exitCode, 1)
    assert.match(stderr, /keys\/delete: It cannot be found\./)
  })

  test('a server elsewhere is not mistaken for the one of the data directory', async () => {
    const data = dataDirectoryOf('http://127.0.0.1:9')
    const environment = { ...keys, AWS_ENDPOINT_URL: 'http://127.0.0.1:10', OPENTRAIL_DATA: data }
    const { exitCode, stderr } = await call(['user', 'list'], { environment })
    assert.equal(exitCode, 1)
    assert.match(stderr, /does not run on this machine/)
  })
})

describe('doctor', () => {
  test('finds a healthy installation healthy', async () => {
    await using server = await fakeServer(() => ({ headers: { date: new Date().toUTCString() } }))
    const environment = { OPENTRAIL_DATA: temporaryDirectory() }
    const { exitCode, stdout } = await call(['doctor', '--endpoint', server.endpoint], { environment })
    assert.equal(exitCode, 0, stdout)
    assert.match(stdout, /\[ ok \] package chdb/)
    assert.match(stdout, /\[ ok \] server ready/)
  })

  test('says what is wrong and what to do', async () => {
    const anHourAgo = new Date(Date.now() - 3_600_000).toUTCString()
    await using server = await fakeServer(({ path }) => ({
      status: path === '/ready' ? 503 : 200,
      headers: { date: anHourAgo },
    }))
    const environment = { OPENTRAIL_DATA: temporaryDirectory(), OPENTRAIL_PROT: '1' }
    const { exitCode, stdout } = await call(['doctor', '--endpoint', server.endpoint, '--format', 'json'], {
      environment,
    })
    assert.equal(exitCode, 1)
    const { findings } = JSON.parse(stdout) as { findings: { check: string; state: string; advice?: string }[] }
    const failed = findings.filter(({ state }) => state === 'failed')
    assert.deepEqual(
      failed.map(({ check }) => check),
      ['configuration', 'server ready', 'clock'],
    )
    assert.ok(failed.every(({ advice }) => advice !== undefined))
  })
})

test('version says what runs', async () => {
  assert.match((await call(['version'])).stdout, /^opentrail \d+\.\d+\.\d+ \(Node\.js \d+/)
})
