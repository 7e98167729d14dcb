import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { createSigV4Verifier, presignTarget, signRequest } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey, identityOf } from '../auth/sigv4.testing.ts'
import { systemRandom } from '../clock/index.ts'
import { createAwsPlane, createRefusalRecorder } from '../http/index.ts'
import { fakeSelfTrail, home, producerKey, send, startServer, type Reply } from '../http/http.testing.ts'
import { createOperationRegistry, type OperationContext } from '../operations/index.ts'
import { createStsRoutes } from './sts-front.ts'

const identityAction = 'Action=GetCallerIdentity&Version=2011-06-15'
const minuteMs = 60_000

/** STS beside CloudTrail, as in the server. Its clock is `time.now`. */
async function startSts() {
  const selfTrail = fakeSelfTrail()
  const faults: unknown[] = []
  const time = { now: Date.UTC(2026, 10, 21, 12) }
  const onFault = (error: unknown) => void faults.push(error)
  const credentials = credentialSource(credentialOf(exampleKey), credentialOf(producerKey, 'producer'))
  const options = {
    verifier: createSigV4Verifier({ credential: (id) => credentials.accessKey(id), wall: () => time.now }),
    credentials,
    regions: new Set(['eu-west-1', 'eu-central-1']),
    refusals: createRefusalRecorder({ selfTrail, random: systemRandom, ...home, onFault }),
    home,
    selfTrail,
    onFault,
  }
  const plane = createAwsPlane({
    ...options,
    registry: createOperationRegistry([]),
    context: (caller, region) => ({ caller, region }) as OperationContext,
  })
  const { server } = await startServer({ routes: [...createStsRoutes(options), ...plane], onFault })
  const host = `${server.host}:${server.port}`
  return { server, host, selfTrail, faults, time }
}

let sts: Awaited<ReturnType<typeof startSts>>
beforeEach(async () => {
  sts = await startSts()
})
afterEach(async () => {
  await sts.server.close(0)
})

interface Sent {
  readonly key?: typeof exampleKey
  readonly region?: string
  readonly accept?: string
}

function post(body: string, { key = exampleKey, region = 'eu-west-1', accept }: Sent = {}): Promise<Reply> {
  const unsigned = { host: sts.host, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
  const request = { method: 'POST', target: '/', headers: unsigned, body: Buffer.from(body) }
  const headers = signRequest(request, identityOf({ ...key, region, service: 'sts' }), sts.time.now)
  return send(sts.server, { method: 'POST', headers: { ...headers, ...(accept && { accept }) }, body })
}

const presigned = (expiresSeconds = 60, query = identityAction, region = 'eu-west-1'): string =>
  presignTarget(
    { method: 'GET', target: `/?${query}`, host: sts.host },
    identityOf({ region, service: 'sts' }),
    sts.time.now,
    expiresSeconds,
  )
const get = (path: string, headers: Record<string, string> = {}): Promise<Reply> =>
  send(sts.server, { path, headers: { host: sts.host, ...headers } })

const codeOf = ({ text }: Reply): string | undefined => /<Code>(.*?)<\/Code>/.exec(text)?.[1]

const identityXml = (requestId: unknown): string =>
  '<?xml version="1.0"?><GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' +
  '<GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/alice</Arn><UserId>AIDAEXAMPLE</UserId>' +
  '<Account>111122223333</Account></GetCallerIdentityResult>' +
  `<ResponseMetadata><RequestId>${String(requestId)}</RequestId></ResponseMetadata></GetCallerIdentityResponse>`

describe('GetCallerIdentity', () => {
  test('says who calls, to every role, and is recorded as CloudTrail does it', async () => {
    for (const key of [exampleKey, producerKey]) {
      const answer = await post(identityAction, { key })
      assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'text/xml'])
      assert.equal(answer.text, identityXml(answer.headers['x-amzn-requestid']))
      const { identity, ...call } = sts.selfTrail.calls.at(-1)!
      assert.ok(identity.kind === 'user')
      assert.equal(identity.principal.accessKeyId, key.accessKeyId)
      assert.deepEqual(call, {
        requestId: answer.headers['x-amzn-requestid'],
        sourceIPAddress: '127.0.0.1',
        userAgent: '',
        eventSource: 'sts.amazonaws.com',
        eventName: 'GetCallerIdentity',
        readOnly: true,
        category: 'Management',
        region: 'eu-west-1',
      })
    }
    assert.deepEqual(sts.faults, [])
  })

  test('presigned, it is a GET that anybody may make for 15 minutes, whatever it says of itself', async () => {
    const short = presigned(60)
    const long = presigned(7 * 24 * 3_600)
    for (const [minutes, outcome] of [
      [0, 200],
      [14, 200],
      [16, 403],
    ] as const) {
      sts.time.now = Date.UTC(2026, 10, 21, 12) + minutes * minuteMs
      for (const path of [short, long]) {
        const answer = await get(path)
        assert.equal(answer.status, outcome, answer.text)
        if (outcome === 200) assert.equal(answer.text, identityXml(answer.headers['x-amzn-requestid']))
        else assert.equal(codeOf(answer), 'SignatureDoesNotMatch')
      }
    }
  })

  test('of a presigned request nothing can be changed', async () => {
    const path = presigned()
    for (const changed of [
      path.replace('GetCallerIdentity', 'GetSessionToken'),
      path.replace('X-Amz-Expires=60', 'X-Amz-Expires=61'),
      `${path}&a=b`,
    ])
      assert.equal(codeOf(await get(changed)), 'SignatureDoesNotMatch', changed)
    assert.equal(codeOf(await get(`${path}&Action=GetCallerIdentity`)), 'MalformedQueryString')
    assert.ok(sts.selfTrail.calls.every(({ errorCode }) => errorCode === 'InvalidSignatureException'))
  })

  test('is JSON for who asks for it, errors too', async () => {
    const accept = 'application/json'
    const answer = await get(presigned(), { accept })
    assert.equal(answer.headers['content-type'], 'application/json')
    const RequestId = answer.headers['x-amzn-requestid']
    const identity = { Account: '111122223333', Arn: 'arn:aws:iam::111122223333:user/alice', UserId: 'AIDAEXAMPLE' }
    assert.deepEqual(JSON.parse(answer.text), {
      GetCallerIdentityResponse: { GetCallerIdentityResult: identity, ResponseMetadata: { RequestId } },
    })
    const refused = await post(identityAction, { accept, key: { ...exampleKey, secretAccessKey: 'another' } })
    const { Error, RequestId: id } = JSON.parse(refused.text) as Record<string, Record<string, string>>
    assert.deepEqual(
      [refused.status, Error?.['Code'], Error?.['Type'], id],
      [403, 'SignatureDoesNotMatch', 'Sender', refused.headers['x-amzn-requestid']],
    )
    assert.match((await post(identityAction, { accept: 'application/xml, application/json' })).text, /^<\?xml/)
  })

  test('of the global endpoint is taken in every deployment, and recorded where there is a stream for it', async () => {
    assert.equal((await get(presigned(60, identityAction, 'us-east-1'))).status, 200)
    assert.equal(sts.selfTrail.calls.at(-1)!.region, home.region)
    assert.equal((await post(identityAction, { region: 'eu-central-1' })).status, 200)
    assert.equal(sts.selfTrail.calls.at(-1)!.region, 'eu-central-1')
    assert.equal(codeOf(await post(identityAction, { region: 'us-west-2' })), 'InvalidClientTokenId')
    assert.equal(sts.selfTrail.calls.at(-1)!.region, home.region)
  })

  test('is not answered without its record', async () => {
    sts.selfTrail.failing = true
    const answer = await post(identityAction)
    assert.deepEqual([answer.status, codeOf(answer)], [503, 'ServiceUnavailable'])
    assert.match(answer.text, /<Type>Receiver<\/Type>/)
    assert.equal(sts.faults.length, 1)
  })
})

describe('everything else', () => {
  test('that STS has is refused in its form, saying that it is not built, and recorded without its parameters', async () => {
    const answer = await post('Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::1:role/r&RoleSessionName=s')
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'InvalidAction'])
    assert.match(answer.text, /<Message>AssumeRole is not built in this version of OpenTrail/)
    const { eventName, errorCode, requestParameters } = sts.selfTrail.calls.at(-1)!
    assert.deepEqual([eventName, errorCode, requestParameters], ['AssumeRole', 'InvalidAction', undefined])
  })

  test('that it does not have is an unknown operation', async () => {
    assert.match((await post('Action=Nonsense&Version=2011-06-15')).text, /Could not find operation Nonsense/)
    assert.equal(codeOf(await post('Version=2011-06-15')), 'MissingAction')
    assert.equal(codeOf(await post('Action=%ff')), 'MalformedQueryString')
    assert.equal(sts.selfTrail.calls.length, 0)
  })

  test('without a proof is nobody’s call', async () => {
    const stranger = { accessKeyId: 'AKIDNOBODY', secretAccessKey: 'x' }
    const answer = await post(identityAction, { key: stranger })
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'InvalidClientTokenId'])
    const { identity, errorCode } = sts.selfTrail.calls.at(-1)!
    assert.deepEqual([identity.kind, errorCode], ['unknown-key', 'UnrecognizedClientException'])
    assert.equal((await get(`/?${identityAction}`)).status, 405)
  })
})
