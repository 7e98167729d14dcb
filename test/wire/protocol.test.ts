import assert from 'node:assert/strict'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { signRequest } from '../../packages/server/src/auth/index.ts'
import { builtOperations, cloudTrailOperations } from '../../packages/server/src/operations/index.ts'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { record } from './records.ts'
import { credentials, sendEvents, startTestServer } from './test-server.ts'

// Bytes on the wire that no SDK shows: what other implementations of this API got wrong.
let server: RunningServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(async () => {
  await server.close()
})

async function call(target: string | undefined, body: string, headers: Record<string, string> = {}): Promise<Response> {
  const url = new URL('/', server.endpoint)
  const unsigned = {
    method: 'POST',
    target: '/',
    headers: {
      host: url.host,
      'content-type': 'application/x-amz-json-1.1',
      ...(target && { 'x-amz-target': target }),
      ...headers,
    },
    body: Buffer.from(body),
  }
  const signed = signRequest(unsigned, { ...credentials, region: 'us-east-1', service: 'cloudtrail' }, Date.now())
  return fetch(url, { method: 'POST', headers: signed, body })
}
const short = 'CloudTrail_20131101.'
const long = 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.'

describe('AWS JSON 1.1', () => {
  test('both target prefixes are the same API', async () => {
    for (const prefix of [short, long]) {
      const answer = await call(`${prefix}LookupEvents`, '{}')
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('content-type'), 'application/x-amz-json-1.1')
      assert.match(answer.headers.get('x-amzn-requestid')!, /^[0-9a-f-]{36}$/)
      assert.ok(answer.headers.get('date'))
    }
  })

  test('an empty body is an empty object', async () => {
    assert.equal((await call(`${short}LookupEvents`, '')).status, 200)
  })

  test('errors carry __type and a Message with a capital M', async () => {
    const answer = await call(`${short}LookupEvents`, '{"MaxResults":99}')
    assert.equal(answer.status, 400)
    assert.equal(answer.headers.get('x-amzn-errortype'), 'InvalidMaxResultsException')
    const body = (await answer.json()) as Record<string, unknown>
    assert.deepEqual(Object.keys(body).toSorted(), ['Message', '__type'])
    assert.equal(body['__type'], 'InvalidMaxResultsException')
  })

  test('unknown targets and bodies that are no JSON object', async () => {
    for (const target of [undefined, 'CloudTrail_20131101.Nothing', 'Other_20131101.LookupEvents', 'LookupEvents']) {
      const answer = await call(target, '{}')
      assert.equal(answer.status, 404, target)
      assert.equal(((await answer.json()) as { __type: string }).__type, 'UnknownOperationException')
    }
    for (const body of [
      '[]',
      '"x"',
      '{',
      '{"MaxResults":"5"}',
      '{"LookupAttributes":{}}',
      '{"StartTime":"2026-01-01T00:00:00Z"}',
    ]) {
      const answer = await call(`${short}LookupEvents`, body)
      assert.equal(answer.status, 400, body)
      assert.equal(((await answer.json()) as { __type: string }).__type, 'SerializationException', body)
    }
  })

  test('all sixty operations are known, and the reference says truly which are built', async () => {
    assert.equal(cloudTrailOperations.length, 60)
    for (const { name } of cloudTrailOperations) {
      const answer = await call(`${short}${name}`, '{}')
      const { __type: type, Message: message } = (await answer.json()) as { __type?: string; Message?: string }
      if (builtOperations.includes(name)) assert.notEqual(type, 'UnsupportedOperationException', name)
      else
        assert.deepEqual(
          [answer.status, type, message?.includes(name)],
          [400, 'UnsupportedOperationException', true],
          name,
        )
    }
  })

  test('null members are absent ones, unknown members are ignored', async () => {
    const answer = await call(
      `${short}LookupEvents`,
      '{"MaxResults":null,"NextToken":null,"LookupAttributes":null,"Newer":{"x":1}}',
    )
    assert.equal(answer.status, 200)
  })

  test('times are epoch numbers, absent is absent, Resources are a list', async () => {
    await sendEvents(server, [
      { ...record({ name: 'Bare' }), userIdentity: { type: 'AWSService', invokedBy: 'rds.amazonaws.com' } },
    ])
    const answer = await call(
      `${short}LookupEvents`,
      '{"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"Bare"}]}',
    )
    const text = await answer.text()
    assert.doesNotMatch(text, /"NextToken"/)
    const [event] = (JSON.parse(text) as { Events: Record<string, unknown>[] }).Events
    assert.equal(typeof event!['EventTime'], 'number')
    assert.deepEqual(event!['Resources'], [])
    assert.equal(event!['ReadOnly'], 'true')
    assert.ok(!('Username' in event!) && !('AccessKeyId' in event!))
  })

  test('an oversized body is refused without being read whole', async () => {
    const answer = await call(`${short}LookupEvents`, JSON.stringify({ x: 'x'.repeat(2_000_000) }))
    assert.equal(answer.status, 413)
  })

  test('an unsigned call is told so', async () => {
    const answer = await fetch(server.endpoint, {
      method: 'POST',
      headers: { 'x-amz-target': `${short}LookupEvents` },
      body: '{}',
    })
    assert.equal(answer.status, 403)
    assert.equal(((await answer.json()) as { __type: string }).__type, 'MissingAuthenticationTokenException')
  })
})
