import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'vitest'
import type { ApiSession, ApiSignInAnswer } from '@opentrail/core/api'
import { createSigV4Verifier, signRequest, type SigningIdentity } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey, identityOf } from '../auth/sigv4.testing.ts'
import { systemClocks, systemRandom } from '../clock/index.ts'
import { createRefusalRecorder, createThrottle, type HttpServer } from '../http/index.ts'
import { fakeSelfTrail, home, send, startServer } from '../http/http.testing.ts'
import { createConsoleSessions, signInRoutes, withSessions } from './index.ts'

let server: HttpServer | undefined
afterEach(async () => {
  await server?.close(0)
})

async function start() {
  const trail = fakeSelfTrail()
  const user = credentialOf(exampleKey)
  const { accessKeyId: _, ...administrator } = user.principal
  const wall = () => systemClocks.wall()
  const sessions = createConsoleSessions({ random: systemRandom, wall, administrator: () => administrator })
  const credentials = withSessions(credentialSource(user), sessions)
  const time = { monotonic: 0 }
  const onFault = () => {}
  const routes = signInRoutes({
    verifier: createSigV4Verifier({ credential: credentials.accessKey, wall }),
    credentials,
    regions: new Set<string>([home.region]),
    home,
    refusals: createRefusalRecorder({ selfTrail: trail, random: systemRandom, ...home, onFault }),
    sessions,
    trail,
    throttle: createThrottle(() => time.monotonic),
    session: ({ userName }) => ({ principal: { userName } }) as ApiSession,
    onFault,
  })
  const started = (server = (await startServer({ routes })).server)
  const post = async (path: string, body: string, identity?: SigningIdentity) => {
    time.monotonic += 1_000
    const unsigned = { host: `${started.host}:${started.port}` }
    const request = { method: 'POST', target: path, headers: unsigned, body: Buffer.from(body) }
    const headers = identity ? signRequest(request, identity, Date.now()) : unsigned
    return send(started, { method: 'POST', path, headers, body })
  }
  return { trail, sessions, post, time, started }
}

const outcomes = (trail: ReturnType<typeof fakeSelfTrail>) =>
  trail.calls.map(({ eventSource, eventName, eventType, responseElements, errorCode }) => [
    `${eventSource} ${eventName} ${eventType}`,
    responseElements,
    errorCode,
  ])

const login = 'signin.amazonaws.com ConsoleLogin AwsConsoleSignIn'

describe('signing in', () => {
  test('by link answers credentials that sign, and is a ConsoleLogin of the administrator', async () => {
    const { trail, sessions, post, started } = await start()
    const reply = await post('/api/v1/sign-in', JSON.stringify({ token: sessions.newLink() }))
    assert.equal(reply.headers['cache-control'], 'no-store')
    const { credentials, session } = JSON.parse(reply.text) as ApiSignInAnswer
    assert.equal(session.principal.userName, credentialOf(exampleKey).principal.userName)
    assert.deepEqual(outcomes(trail), [[login, { ConsoleLogin: 'Success' }, undefined]])
    assert.deepEqual(trail.calls[0]!.additionalEventData, {
      LoginTo: `http://${started.host}:${started.port}/console/`,
      MobileVersion: 'No',
      MFAUsed: 'No',
    })
    const identity = { ...identityOf({ ...credentials! }), sessionToken: credentials!.sessionToken }
    assert.equal((await post('/api/v1/sign-out', '', identity)).status, 200)
    assert.equal((await post('/api/v1/sign-out', '', identity)).status, 403, 'it has ended')
  })

  test('by key says who it is, and opens nothing', async () => {
    const { trail, post } = await start()
    const reply = await post('/api/v1/sign-in', '{}', identityOf())
    assert.equal(reply.status, 200)
    assert.equal((JSON.parse(reply.text) as ApiSignInAnswer).credentials, undefined)
    assert.deepEqual(outcomes(trail), [[login, { ConsoleLogin: 'Success' }, undefined]])
  })

  test('that fails is recorded as such', async () => {
    const { trail, post } = await start()
    const unknown = identityOf({ ...exampleKey, accessKeyId: 'AKIDNOBODY' })
    const wrong = identityOf({ ...exampleKey, secretAccessKey: 'wrong' })
    for (const reply of [
      await post('/api/v1/sign-in', '{"token":"guessed"}'),
      await post('/api/v1/sign-in', '{"token":7}'),
      await post('/api/v1/sign-in', '{}', unknown),
      await post('/api/v1/sign-in', '{}', wrong),
    ])
      assert.equal(reply.status, 403)
    assert.deepEqual(
      outcomes(trail),
      [
        'AccessDeniedException',
        'AccessDeniedException',
        'UnrecognizedClientException',
        'InvalidSignatureException',
      ].map((code) => [login, { ConsoleLogin: 'Failure' }, code]),
    )
  })

  test('is slowed down', async () => {
    const { post, time } = await start()
    const statuses = []
    for (let attempt = 0; attempt < 4; attempt++) {
      time.monotonic -= 1_000
      statuses.push((await post('/api/v1/sign-in', '{"token":"guessed"}')).status)
    }
    assert.deepEqual(statuses, [403, 403, 429, 429])
  })

  test('lets nobody in who cannot be recorded', async () => {
    const { trail, sessions, post } = await start()
    trail.failing = true
    const token = sessions.newLink()
    assert.equal((await post('/api/v1/sign-in', JSON.stringify({ token }))).status, 503)
    assert.equal(sessions.redeem(token), undefined)
  })
})
