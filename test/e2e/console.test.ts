import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'vitest'
import type { ApiSignInAnswer } from '@opentrail/core/api'
import { signRequest } from '../../packages/server/src/auth/index.ts'
import { parseConfiguration } from '../../packages/server/src/config/index.ts'
import { startServer, type RunningServer } from '../../packages/server/src/main.ts'

let server: RunningServer
beforeEach(async () => {
  server = await startServer(parseConfiguration({ flags: { test: true, port: '0' }, environment: {} }))
})
afterEach(() => server.close())

const signIn = (token: string) =>
  fetch(`${server.endpoint}/api/v1/sign-in`, { method: 'POST', body: JSON.stringify({ token }) })

test('the link of a server opens a session that every API of it takes, and that its events tell', async () => {
  const link = new URL(server.consoleLink())
  assert.equal(`${link.origin}${link.pathname}`, `${server.endpoint}/console/`)
  const token = link.hash.replace('#sign-in=', '')
  const { credentials, session } = (await (await signIn(token)).json()) as ApiSignInAnswer
  assert.equal(session.principal.role, 'administrator')
  assert.equal((await signIn(token)).status, 403)

  const { region } = session
  const lookUp = async () => {
    const body = JSON.stringify({ LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'ConsoleLogin' }] })
    const headers = signRequest(
      {
        method: 'POST',
        target: '/',
        headers: {
          host: new URL(server.endpoint).host,
          'x-amz-target': 'CloudTrail_20131101.LookupEvents',
          'content-type': 'application/x-amz-json-1.1',
        },
        body: Buffer.from(body),
      },
      { ...credentials!, region, service: 'cloudtrail' },
      Date.now(),
    )
    const { host: _, ...sent } = headers
    return (await fetch(server.endpoint, { method: 'POST', headers: sent, body })).json()
  }
  const { Events } = (await lookUp()) as { Events: { CloudTrailEvent: string }[] }
  const records = Events.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent) as SignInRecord)
  assert.ok(records.every(({ eventType }) => eventType === 'AwsConsoleSignIn'))
  assert.deepEqual(records.map(({ responseElements }) => responseElements.ConsoleLogin).sort(byText), [
    'Failure',
    'Success',
  ])
  const byUser = records.map(({ userIdentity }) => userIdentity).find(({ type }) => type === 'IAMUser')
  assert.equal(byUser?.accessKeyId, credentials!.accessKeyId)
  assert.ok(byUser?.sessionContext)
})

interface SignInRecord {
  readonly eventType: string
  readonly responseElements: { readonly ConsoleLogin: string }
  readonly userIdentity: { readonly type: string; readonly accessKeyId: string; readonly sessionContext?: object }
}

const byText = (a: string, b: string): number => Number(a > b) - Number(a < b)
