import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, test } from 'vitest'
import { exampleKey } from '../auth/sigv4.testing.ts'
import { auditorKey, producerKey, startFront } from '../s3/s3.testing.ts'
import { call, dataDirectoryOf, fakeServer, temporaryDirectory, type Request } from './cli.testing.ts'

const environmentOf = (key: typeof exampleKey) => ({
  AWS_ACCESS_KEY_ID: key.accessKeyId,
  AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
  AWS_REGION: 'eu-west-1',
})
type Front = Awaited<ReturnType<typeof startFront>>
const on =
  ({ server }: Front, key = exampleKey) =>
  (...args: string[]) =>
    call([...args, '--endpoint', server.url], { environment: environmentOf(key) })

describe('ls', () => {
  test('without a place it lists the buckets of the own account', async () => {
    await using front = await startFront()
    const { stdout } = await on(front)('ls')
    assert.equal(stdout, '2026-03-04T12:00:00Z  s3://logs\n2026-03-04T12:00:00Z  s3://other-logs\n')
    assert.deepEqual(JSON.parse((await on(front)('ls', '--format', 'json')).stdout), {
      Buckets: ['logs', 'other-logs'].map((Name) => ({ Name, CreationDate: '2026-03-04T12:00:00.789Z' })),
    })
  })

  test('folders stand for what is in them, unless all is asked for', async () => {
    await using front = await startFront()
    await front.put('logs', 'AWSLogs/1/a b+c.json.gz', 'xyz')
    await front.put('logs', 'AWSLogs/1/é<&>.json.gz', '')
    await front.put('logs', 'zz', '1')
    assert.equal(
      (await on(front)('ls', 's3://logs')).stdout,
      '                           folder  s3://logs/AWSLogs/\n2026-03-04T12:00:00Z            1  s3://logs/zz\n',
    )
    const all = await on(front)('ls', 's3://logs/AWS', '--recursive')
    assert.match(all.stdout, /^2026-03-04T12:00:00Z +3 {2}s3:\/\/logs\/AWSLogs\/1\/a b\+c\.json\.gz$/m)
    assert.match(all.stdout, /s3:\/\/logs\/AWSLogs\/1\/é<&>\.json\.gz$/m)
    const json = JSON.parse((await on(front)('ls', 's3://logs', '--format', 'json')).stdout) as Record<string, unknown>
    assert.deepEqual(json['Prefixes'], ['AWSLogs/'])
  })

  test('it follows the pages', async () => {
    await using front = await startFront()
    for (let i = 0; i < 2_500; i++) await front.put('logs', `k${String(i).padStart(4, '0')}`)
    const { stdout } = await on(front)('ls', 's3://logs/k')
    const lines = stdout.trimEnd().split('\n')
    assert.equal(lines.length, 2_500)
    assert.match(lines.at(-1)!, /k2499$/)
  })

  test('what is not there, or not theirs, is told with what to do', async () => {
    await using front = await startFront()
    const missing = await on(front)('ls', 's3://nowhere')
    assert.equal(missing.exitCode, 1)
    assert.match(missing.stderr, /NoSuchBucket: The specified bucket does not exist\n.*opentrail ls"/)
    assert.match((await on(front, producerKey)('ls', 's3://logs')).stderr, /AccessDenied: User: .*\nAdministrators and/)
    assert.match((await on(front)('ls', 's3://logs/nothing')).stderr, /There is nothing at s3:\/\/logs\/nothing/)
    const wrong = await on(front)('ls', 'logs')
    assert.deepEqual([wrong.exitCode, wrong.stderr.includes('write s3://BUCKET')], [2, true])
  })

  test('a key cannot move the terminal', async () => {
    await using front = await startFront()
    await front.put('logs', 'a\u001b[2Jb\u202ec', '')
    const { stdout } = await on(front)('ls', 's3://logs')
    // eslint-disable-next-line no-control-regex -- exactly these must not be there
    assert.doesNotMatch(stdout.trimEnd(), /[\u0000-\u001f\u202e]/)
  })

  test('a server without S3 is told as such', async () => {
    await using server = await fakeServer(() => ({ status: 404, body: { __type: 'NotFound' } }))
    const { exitCode, stderr } = await call(['ls', '--endpoint', server.endpoint], {
      environment: environmentOf(exampleKey),
    })
    assert.deepEqual([exitCode, /not as S3 does/.test(stderr)], [1, true])
  })
})

describe('cat', () => {
  const text = '{"Records":[]}'

  test('unpacks gzip, unless the bytes themselves are wanted', async () => {
    await using front = await startFront()
    const packed = gzipSync(text)
    await front.put('logs', 'a/./b//c d.json.gz', packed, { contentEncoding: 'gzip' })
    await front.put('logs', 'digest', packed, { contentEncoding: 'gzip' })
    await front.put('logs', 'plain.json', text)
    const place = 's3://logs/a/./b//c d.json.gz'
    assert.equal((await on(front, auditorKey)('cat', place)).bytes.toString(), text)
    assert.equal((await on(front)('cat', 's3://logs/digest')).bytes.toString(), text)
    assert.deepEqual((await on(front)('cat', place, '--raw')).bytes, packed)
    assert.equal((await on(front)('cat', 's3://logs/plain.json')).bytes.toString(), text)
  })

  test('what is no gzip, is cut off or is missing fails with the reason', async () => {
    await using front = await startFront()
    await front.put('logs', 'wrong.gz', 'plain')
    await front.put('logs', 'cut.gz', gzipSync(text).subarray(0, 20))
    for (const key of ['wrong.gz', 'cut.gz']) {
      const { exitCode, stderr } = await on(front)('cat', `s3://logs/${key}`)
      assert.deepEqual([exitCode, /not the gzip that it should be.*--raw/.test(stderr)], [1, true], stderr)
    }
    assert.match((await on(front)('cat', 's3://logs/none')).stderr, /NoSuchKey: .*\nSee what is there with/)
    assert.equal((await on(front)('cat', 's3://logs/folder/')).exitCode, 2)
  })
})

describe('export', () => {
  test('writes files as they are stored, and the second time only what is new', async () => {
    await using front = await startFront()
    const packed = gzipSync('{"Records":[]}')
    await front.put('logs', 'AWSLogs/1/a.json.gz', packed, { contentEncoding: 'gzip' })
    await front.put('logs', 'other', 'x')
    const directory = join(temporaryDirectory(), 'out')
    const first = await on(front)('export', 's3://logs/AWSLogs', directory)
    assert.equal(first.stdout, `1 file written to ${directory} (${packed.length} bytes).\n`)
    assert.deepEqual(readFileSync(join(directory, 'AWSLogs/1/a.json.gz')), packed)
    const second = await on(front)('export', 's3://logs', directory, '--format', 'json')
    assert.deepEqual(JSON.parse(second.stdout), {
      Bucket: 'logs',
      Prefix: '',
      Directory: directory,
      written: 1,
      unchanged: 1,
      gone: 0,
      bytes: 1,
    })
  })

  test('what stands in the way is told', async () => {
    await using front = await startFront()
    const { exitCode, stderr } = await on(front)('export', 's3://nowhere', temporaryDirectory())
    assert.deepEqual(
      [exitCode, /cannot be exported \(NoSuchBucket\).*\n.*opentrail ls"/s.test(stderr)],
      [1, true],
      stderr,
    )
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, '')
    assert.equal((await on(front)('export', 's3://logs', file)).exitCode, 1)
  })
})

describe('bucket', () => {
  const owner = async (args: string[], body: unknown, status = 200) => {
    const socket = join(temporaryDirectory(), 'control.sock')
    await using server = await fakeServer(() => ({ body, status }), socket)
    const called = await call(['bucket', ...args, '--data', dataDirectoryOf('http://127.0.0.1:9', socket)])
    const [request] = server.requests
    const asked = request && (JSON.parse(request.body.toString()) as Record<string, unknown>)
    return { ...called, path: request?.path, asked }
  }
  const made = { name: 'logs', account: '111122223333', region: 'eu-west-1', createdAt: '2026-03-04T12:00:00.000Z' }

  test('create makes it ready for CloudTrail, in the server’s own account', async () => {
    const { path, asked, stdout } = await owner(
      ['create', 'logs', '--prefix', 'p', '--accounts', '111122223333,444455556666'],
      made,
    )
    assert.equal(path, '/buckets/create')
    const accounts = ['111122223333', '444455556666']
    assert.deepEqual(asked, {
      bucket: 'logs',
      account: '111122223333',
      policy: { kind: 'standard', prefix: 'p', accounts },
    })
    assert.match(stdout, /bucket logs is created in account 111122223333/)
    const bare = await owner(['create', 'logs', '--no-policy'], made)
    assert.deepEqual(bare.asked?.['policy'], { kind: 'none' })
    assert.match(bare.stderr, /bucket policy logs --standard/)
  })

  test('policy shows, replaces and deletes', async () => {
    const policy = '{"Version":"2012-10-17","Statement":[]}'
    const shown = await owner(['policy', 'logs'], { bucket: 'logs', policy })
    assert.deepEqual([shown.path, JSON.parse(shown.stdout)], ['/buckets/policy', JSON.parse(policy)])
    assert.match((await owner(['policy', 'logs'], { bucket: 'logs' })).stderr, /has no policy/)
    const file = join(temporaryDirectory(), 'policy.json')
    writeFileSync(file, policy)
    const put = await owner(['policy', 'logs', '--file', file], {})
    assert.deepEqual(
      [put.path, put.asked],
      ['/buckets/put-policy', { bucket: 'logs', policy: { kind: 'text', policy } }],
    )
    assert.deepEqual((await owner(['policy', 'logs', '--standard'], {})).asked?.['policy'], { kind: 'standard' })
    assert.deepEqual((await owner(['policy', 'logs', '--delete'], {})).asked?.['policy'], { kind: 'none' })
  })

  test('list is a table, or JSON', async () => {
    const { stdout } = await owner(['list'], { buckets: [made] })
    assert.match(stdout, /^NAME +ACCOUNT +REGION +CREATED AT\nlogs +111122223333 +eu-west-1/)
    assert.deepEqual(JSON.parse((await owner(['list', '--format', 'json'], { buckets: [made] })).stdout), [made])
  })

  test.for([
    [['create', 'logs', '--no-policy', '--policy', 'f'], /contradict/],
    [['create', 'logs', '--no-policy', '--prefix', 'p'], /shape the standard policy/],
    [['create', 'logs', '--accounts', '1'], /no account/],
    [['policy', 'logs', '--standard', '--delete'], /choose one/],
    [['policy', 'logs', '--prefix', 'p'], /shape the standard policy/],
  ] as const)('%o is misuse', async ([args, expected]) => {
    const { exitCode, stderr, path } = await owner([...args], {})
    assert.equal(exitCode, 2)
    assert.match(stderr, expected)
    assert.equal(path, undefined)
  })
})

describe('trail', () => {
  const operationOf = ({ headers }: Request) => String(headers['x-amz-target']).split('.').at(-1)!
  const trail = {
    Name: 'main',
    TrailARN: 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/main',
    S3BucketName: 'opentrail-logs',
  }
  const on = async (args: string[], answers: Record<string, object>) => {
    await using server = await fakeServer((request) => {
      const answer = answers[operationOf(request)]
      return answer ? { body: answer, status: '__type' in answer ? 400 : 200 } : { status: 404 }
    })
    const called = await call(['trail', ...args, '--endpoint', server.endpoint], {
      environment: environmentOf(exampleKey),
    })
    const asked = server.requests
      .filter(({ method }) => method === 'POST')
      .map((request) => [operationOf(request), JSON.parse(request.body.toString()) as object])
    return { ...called, asked }
  }

  test('create asks for the default bucket, and starts where that is wanted', async () => {
    const { asked, stdout, stderr } = await on(['create', 'main', '--multi-region', '--prefix', 'p', '--start'], {
      CreateTrail: { ...trail, S3KeyPrefix: 'p', IsMultiRegionTrail: true },
      StartLogging: {},
    })
    assert.deepEqual(asked, [
      ['CreateTrail', { Name: 'main', S3BucketName: 'opentrail-logs', S3KeyPrefix: 'p', IsMultiRegionTrail: true }],
      ['StartLogging', { Name: trail.TrailARN }],
    ])
    assert.match(stdout, /DeliversTo: +s3:\/\/opentrail-logs\/p\n/)
    assert.match(stderr, /opentrail ls s3:\/\/opentrail-logs --recursive/)
    assert.match((await on(['create', 'main'], { CreateTrail: trail })).stderr, /trail start main/)
  })

  test('a bucket that stands in the way is told with what to do', async () => {
    const refused = (code: string) => on(['create', 'main'], { CreateTrail: { __type: code, Message: 'No.' } })
    assert.match((await refused('S3BucketDoesNotExistException')).stderr, /No\.\n.*bucket create opentrail-logs/)
    assert.match(
      (await refused('InsufficientS3BucketPolicyException')).stderr,
      /bucket policy opentrail-logs --standard/,
    )
    const half = await on(['create', 'main', '--start'], {
      CreateTrail: trail,
      StartLogging: { __type: 'X', Message: 'No.' },
    })
    assert.deepEqual([half.exitCode, /was created, but not started/.test(half.stderr)], [1, true])
  })

  test('list and status show what the service says', async () => {
    const answers = {
      DescribeTrails: { trailList: [{ ...trail, HomeRegion: 'eu-west-1' }] },
      GetTrailStatus: { IsLogging: true, LatestDeliveryTime: 1_772_625_600, TimeLoggingStopped: '' },
    }
    const { stdout } = await on(['list'], answers)
    assert.match(
      stdout,
      /^NAME +HOME REGION +REGIONS +DELIVERS TO +LOGGING\nmain +eu-west-1 +its own +s3:\/\/opentrail-logs +yes\n$/,
    )
    const status = await on(['status', 'main'], answers)
    assert.equal(status.stdout, 'IsLogging:          true\nLatestDeliveryTime: 2026-03-04T12:00:00Z\n')
    assert.deepEqual(JSON.parse((await on(['status', 'main', '--format', 'json'], answers)).stdout), {
      IsLogging: true,
      LatestDeliveryTime: '2026-03-04T12:00:00Z',
      TimeLoggingStopped: '',
    })
    assert.match((await on(['list'], { DescribeTrails: { trailList: [] } })).stderr, /trail create NAME --start/)
  })

  test.for([
    ['start', 'StartLogging'],
    ['stop', 'StopLogging'],
    ['delete', 'DeleteTrail'],
  ] as const)('%s calls %s', async ([command, operation]) => {
    const { asked, exitCode } = await on([command, 'main'], { [operation]: {} })
    assert.deepEqual([asked, exitCode], [[[operation, { Name: 'main' }]], 0])
  })
})
