import { ok } from 'node:assert/strict'
import type { ApiEvent, ApiEventPage } from '@opentrail/core/api'
import { signRequest } from '../../packages/server/src/auth/index.ts'
import { tellStory } from '../../packages/server/src/demo/index.ts'
import { parseConfiguration } from '../../packages/server/src/config/index.ts'
import { startServer } from '../../packages/server/src/main.ts'
import { administer, newKey } from '../e2e/intake-client.ts'

export const region = 'eu-west-1'
/** Nothing is ever recorded in it. */
export const quietRegion = 'ap-southeast-2'

interface Key {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** A server as users start it, with the console as it was built and an hour of activity that ended just now. */
export async function startConsole() {
  const flags = { test: true, port: '0', region, regions: `${region},us-east-1,${quietRegion}`, 'log-level': 'error' }
  const server = await startServer(parseConfiguration({ flags, environment: {} }))
  const { endpoint, account } = server
  const auditor = await newKey(endpoint, 'auditor', 'signature', account)

  async function call(
    method: 'GET' | 'POST',
    target: string,
    body = '',
    key: Key = { accessKeyId: 'test', secretAccessKey: 'test' },
  ): Promise<string> {
    const headers = signRequest(
      { method, target, headers: { host: new URL(endpoint).host }, body: Buffer.from(body) },
      { ...key, region, service: 'cloudtrail' },
      Date.now(),
    )
    const { host: _, ...sent } = headers
    const answer = await fetch(endpoint + target, { method, headers: sent, ...(method === 'POST' && { body }) })
    const text = await answer.text()
    ok(answer.ok, `${method} ${target}: ${answer.status} ${text}`)
    return text
  }
  const add = (...records: readonly object[]) => call('POST', '/events', JSON.stringify({ Records: records }))

  await add(
    ...tellStory({
      account,
      region,
      leadingRegion: region,
      otherRegion: 'us-east-1',
      seed: 1,
      end: Date.now(),
    }),
  )
  return {
    url: endpoint,
    account,
    link: server.consoleLink,
    /** Of somebody who may only look. */
    auditor,
    add,
    newKey: (role: 'administrator' | 'auditor' | 'producer') => newKey(endpoint, role, 'signature', account),
    disable: ({ account: of, userName, accessKeyId }: Awaited<ReturnType<typeof newKey>>) =>
      administer(endpoint, '/keys/update', { account: of, userName, accessKeyId, status: 'Inactive' }),
    /** The newest of a search, newest first. */
    async find(where: string): Promise<ApiEvent[]> {
      const query = `where=${encodeURIComponent(where)}&limit=1000`
      return [...(JSON.parse(await call('GET', `/api/v1/events?${query}`)) as ApiEventPage).events]
    },
    /** Ends a session behind the back of the page that has it. */
    endSession: (key: Key) => call('POST', '/api/v1/sign-out', '', key),
    close: server.close,
  }
}
