import assert from 'node:assert/strict'
import * as sdk from '@aws-sdk/client-cloudtrail'
import { afterEach, describe, test } from 'vitest'
import { exampleKey } from '../auth/sigv4.testing.ts'
import { ApiError, createOperationRegistry, type Operation } from '../operations/index.ts'
import type { HttpServer } from './http-server.ts'
import { auditorKey, call, producerKey, send, startPlane, type CallRequest } from './http.testing.ts'
import { createThrottle } from './throttle.ts'

const lookupTarget = 'CloudTrail_20131101.LookupEvents'
const LookupEvents: Operation = {
  name: 'LookupEvents',
  action: 'cloudtrail:LookupEvents',
  readOnly: true,
  roles: ['administrator', 'auditor'],
  handle: (input, { caller, region }) =>
    Promise.resolve({ Events: [{ EventId: `${caller.userName}/${region}/${JSON.stringify(input)}`, EventTime: 1.5 }] }),
}
const CreateTrail: Operation = {
  name: 'CreateTrail',
  action: 'cloudtrail:CreateTrail',
  readOnly: false,
  roles: ['administrator'],
  handle: (input) => {
    if (input['Name'] === 'bug') throw new TypeError('inside')
    if (input['Name'] === 'taken') throw new ApiError('TrailAlreadyExistsException', 'Trail taken already exists')
    return Promise.resolve({ Name: input['Name'] })
  },
}

let server: HttpServer | undefined
afterEach(() => server?.close(0))
async function start(options: Parameters<typeof startPlane>[1] = {}) {
  const plane = await startPlane([LookupEvents, CreateTrail], options)
  server = plane.server
  const expectError = async (request: CallRequest, status: number, type: string) => {
    const reply = await call(plane.server, request)
    assert.equal(reply.status, status, reply.text)
    assert.equal(reply.headers['x-amzn-errortype'], type)
    const body = JSON.parse(reply.text)
    assert.equal(body.__type, type)
    return body.Message as string
  }
  return { ...plane, expectError }
}

test('a call is answered under the id it is recorded with, by both target prefixes', async () => {
  const { server: to, selfTrail } = await start()
  for (const prefix of ['', 'com.amazonaws.cloudtrail.v20131101.']) {
    const headers = { 'user-agent': 'aws-cli/2' }
    const reply = await call(to, { target: prefix + lookupTarget, body: '{"MaxResults":1}', key: auditorKey, headers })
    assert.equal(reply.status, 200)
    assert.equal(reply.headers['content-type'], 'application/x-amz-json-1.1')
    assert.equal(JSON.parse(reply.text).Events[0].EventId, 'alice/eu-west-1/{"MaxResults":1}')
    const recorded = selfTrail.calls.pop()!
    assert.equal(recorded.requestId, reply.headers['x-amzn-requestid'])
    assert.deepEqual(recorded.requestParameters, { MaxResults: 1 })
    assert.deepEqual(
      [recorded.eventName, recorded.region, recorded.userAgent, recorded.sourceIPAddress, recorded.readOnly],
      ['LookupEvents', 'eu-west-1', 'aws-cli/2', '127.0.0.1', true],
    )
    assert.equal(recorded.identity.kind === 'user' && recorded.identity.principal.accessKeyId, 'AKIDAUDITOR')
    assert.equal(recorded.responseElements, undefined)
  }
  await call(to, { target: 'CloudTrail_20131101.CreateTrail', body: '{"Name":"t"}' })
  assert.deepEqual(selfTrail.calls.pop()!.responseElements, { Name: 't' })
})

test('an empty body is an empty object', async () => {
  const { server: to } = await start()
  const reply = await call(to, { target: lookupTarget, body: '' })
  assert.equal(JSON.parse(reply.text).Events[0].EventId, 'alice/eu-west-1/{}')
})

describe('what is refused, and how it is recorded', () => {
  test('unknown targets: 404, without asking who calls', async () => {
    const { expectError, selfTrail, server: to } = await start()
    for (const target of [
      'CloudTrail_20131101.Nothing',
      'LookupEvents',
      'TrentService.Encrypt',
      'x.CloudTrail_20131101.LookupEvents',
    ]) {
      await expectError({ target }, 404, 'UnknownOperationException')
    }
    await expectError({}, 404, 'UnknownOperationException')
    assert.equal(selfTrail.calls.length, 0)
    const unsigned = await send(to, { method: 'POST', headers: { 'x-amz-target': lookupTarget }, body: '{}' })
    assert.equal(unsigned.status, 403)
    assert.equal(JSON.parse(unsigned.text).__type, 'MissingAuthenticationTokenException')
  })

  test('bodies that are not a JSON object', async () => {
    const { expectError, selfTrail } = await start()
    for (const body of ['[]', '"x"', '{', 'null', '{"a":"\\ud800"}', `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`]) {
      await expectError({ target: lookupTarget, body }, 400, 'SerializationException')
      assert.equal(selfTrail.calls.pop()!.errorCode, 'SerializationException')
    }
    const other = { target: lookupTarget, headers: { 'content-type': 'text/plain' } }
    assert.match(await expectError(other, 400, 'SerializationException'), /content type/)
    const older = await call(server!, {
      target: lookupTarget,
      headers: { 'content-type': 'application/x-amz-json-1.0; charset=utf-8' },
    })
    assert.equal(older.status, 200)
  })

  test('more than a megabyte', async () => {
    const { expectError } = await start()
    const body = ' '.repeat(1_048_577)
    assert.match(
      await expectError({ target: lookupTarget, body }, 413, 'RequestEntityTooLargeException'),
      /1048576 bytes/,
    )
  })

  test('a role that may not, recorded without its parameters', async () => {
    const { expectError, selfTrail } = await start()
    const request = { target: 'CloudTrail_20131101.CreateTrail', body: '{"Name":"t"}', key: auditorKey }
    assert.equal(
      await expectError(request, 400, 'AccessDeniedException'),
      'User: arn:aws:iam::111122223333:user/alice is not authorized to perform: cloudtrail:CreateTrail on resource: * ' +
        'because no identity-based policy allows the cloudtrail:CreateTrail action',
    )
    assert.equal(selfTrail.calls[0]!.errorCode, 'AccessDenied')
    assert.equal(selfTrail.calls[0]!.requestParameters, undefined)
    await expectError({ target: lookupTarget, key: producerKey }, 400, 'AccessDeniedException')
  })

  test('operations that are not built, after the access check', async () => {
    const { expectError, selfTrail } = await start()
    const request = { target: 'CloudTrail_20131101.StartQuery', body: '{"QueryStatement":"x"}' }
    assert.match(
      await expectError(request, 400, 'UnsupportedOperationException'),
      /StartQuery is not built in this version/,
    )
    assert.deepEqual(selfTrail.calls[0]!.requestParameters, { QueryStatement: 'x' })
    await expectError({ ...request, key: auditorKey }, 400, 'AccessDeniedException')
  })

  test('errors of the operation, and bugs, which nobody is told about', async () => {
    const { expectError, selfTrail, faults } = await start()
    const target = 'CloudTrail_20131101.CreateTrail'
    await expectError({ target, body: '{"Name":"taken"}' }, 400, 'TrailAlreadyExistsException')
    assert.equal(selfTrail.calls.pop()!.errorMessage, 'Trail taken already exists')
    assert.doesNotMatch(await expectError({ target, body: '{"Name":"bug"}' }, 500, 'InternalFailure'), /inside/)
    assert.equal(selfTrail.calls.pop()!.errorCode, 'InternalFailure')
    assert.match(String(faults[0]), /inside/)
  })

  test('a call that cannot be recorded is not answered', async () => {
    const { expectError, selfTrail } = await start()
    selfTrail.failing = true
    assert.match(await expectError({ target: lookupTarget }, 503, 'ServiceUnavailable'), /could not be recorded/)
    await expectError({ target: 'CloudTrail_20131101.CreateTrail', key: auditorKey }, 503, 'ServiceUnavailable')
  })

  test('wrong signatures and unknown keys: recorded under what they claim, never as the user', async () => {
    const { expectError, selfTrail } = await start()
    const forged = { ...exampleKey, secretAccessKey: 'guess' }
    await expectError({ target: lookupTarget, key: forged, region: 'us-east-1' }, 403, 'InvalidSignatureException')
    const [first] = selfTrail.calls
    assert.deepEqual(first!.identity, { kind: 'unknown-key', accessKeyId: 'AKIDEXAMPLE', account: '111122223333' })
    assert.deepEqual([first!.region, first!.errorCode], ['us-east-1', 'InvalidSignatureException'])
    const unknown = { accessKeyId: 'AKIDNOBODY', secretAccessKey: 'x' }
    await expectError({ target: lookupTarget, key: unknown, region: 'mars-1' }, 403, 'UnrecognizedClientException')
    assert.equal(selfTrail.calls[1]!.region, 'eu-west-1')
    await expectError({ target: lookupTarget, region: 'mars-1' }, 403, 'UnrecognizedClientException')
    await expectError({ target: lookupTarget, service: 's3' }, 403, 'InvalidSignatureException')
  })

  test('a flood of refusals ends as one counted summary', async () => {
    const { selfTrail, refusals, expectError } = await start()
    const forged = { ...exampleKey, secretAccessKey: 'guess' }
    for (let i = 0; i < 25; i++)
      await expectError({ target: lookupTarget, key: forged }, 403, 'InvalidSignatureException')
    assert.equal(selfTrail.calls.length, 10)
    await refusals.flush()
    const summary = selfTrail.calls.at(-1)!
    assert.equal(selfTrail.calls.length, 11)
    assert.deepEqual([summary.eventName, summary.identity.kind], ['UnauthenticatedCallsRefused', 'service'])
    assert.deepEqual(summary.additionalEventData, {
      refusedCalls: 15,
      refusedCallsByErrorCode: { InvalidSignatureException: 15 },
      windowSeconds: 60,
    })
  })

  test('calls beyond the configured rate', async () => {
    let now = 0
    const buckets = createThrottle(() => now)
    const {
      expectError,
      selfTrail,
      server: to,
    } = await start({
      throttle: { buckets, callsPerSecond: (name) => (name === 'LookupEvents' ? 2 : undefined) },
    })
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await call(to, { target: lookupTarget })).status)
    assert.deepEqual(statuses, [200, 200, 400])
    assert.equal(await expectError({ target: lookupTarget }, 400, 'ThrottlingException'), 'Rate exceeded')
    assert.equal(selfTrail.calls.at(-1)!.errorCode, 'ThrottlingException')
    assert.equal((await call(to, { target: lookupTarget, region: 'us-east-1' })).status, 200)
    now += 500
    assert.equal((await call(to, { target: lookupTarget })).status, 200)
  })
})

test('PutAuditEvents: not built, in REST JSON', async () => {
  const { server: to, selfTrail } = await start()
  const path = '/PutAuditEvents?channelArn=arn%3Aaws%3Ax'
  const request = { path, service: 'cloudtrail-data', body: '{"auditEvents":[]}', key: producerKey }
  const reply = await call(to, request)
  assert.equal(reply.status, 400)
  assert.equal(reply.headers['x-amzn-errortype'], 'UnsupportedOperationException')
  assert.match(JSON.parse(reply.text).message, /PutAuditEvents is not built/)
  assert.deepEqual(
    [selfTrail.calls[0]!.category, selfTrail.calls[0]!.requestParameters],
    ['Data', { channelArn: 'arn:aws:x' }],
  )
  assert.equal((await call(to, { ...request, key: auditorKey })).headers['x-amzn-errortype'], 'AccessDeniedException')
  assert.equal((await call(to, { ...request, service: 'cloudtrail' })).status, 403)
})

test('other AWS protocols get an error their clients can read', async () => {
  const { server: to } = await start()
  const reply = await call(to, {
    service: 'sts',
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
  })
  assert.equal(reply.status, 400)
  assert.match(reply.text, /<Code>InvalidAction<\/Code><Message>The service sts is not built/)
})

const sdkClient = (to: HttpServer, key = exampleKey) =>
  new sdk.CloudTrailClient({ endpoint: to.url, region: 'eu-west-1', credentials: key, maxAttempts: 1 })

describe('the AWS SDK for JavaScript', () => {
  test('calls, and understands answers and errors', async () => {
    const { server: to, selfTrail } = await start()
    const known = sdkClient(to)
    const { Events, $metadata } = await known.send(new sdk.LookupEventsCommand({ MaxResults: 7 }))
    assert.equal(Events![0]!.EventId, 'alice/eu-west-1/{"MaxResults":7}')
    assert.equal(Events![0]!.EventTime!.getTime(), 1_500)
    assert.equal($metadata.requestId, selfTrail.calls[0]!.requestId)
    await assert.rejects(known.send(new sdk.DescribeTrailsCommand({})), {
      name: 'UnsupportedOperationException',
      message: /DescribeTrails is not built/,
    })
    await assert.rejects(known.send(new sdk.GetTrailCommand({ Name: 'é–漢' })), {
      name: 'UnsupportedOperationException',
    })
    assert.deepEqual(selfTrail.calls.at(-1)!.requestParameters, { Name: 'é–漢' })
    known.destroy()
    const forged = sdkClient(to, { ...exampleKey, secretAccessKey: 'guess' })
    await assert.rejects(forged.send(new sdk.LookupEventsCommand({})), { name: 'InvalidSignatureException' })
    forged.destroy()
  })
})

test('the registry knows the sixty operations, each once', () => {
  const list = createOperationRegistry([LookupEvents]).list()
  const commands = Object.keys(sdk).filter((name) => /^[A-Z]\w+Command$/.test(name))
  assert.equal(list.length, 60)
  assert.deepEqual(
    list.map(({ name }) => name),
    commands.map((name) => name.slice(0, -'Command'.length)).sort(),
  )
  assert.deepEqual(
    list.filter(({ built }) => built).map(({ name }) => name),
    ['LookupEvents'],
  )
  assert.equal(list.filter(({ readOnly }) => readOnly).length, 26)
  assert.throws(() => createOperationRegistry([LookupEvents, LookupEvents]), /given twice/)
  assert.throws(() => createOperationRegistry([{ ...LookupEvents, name: 'Lookup' }]), /not an operation/)
})
