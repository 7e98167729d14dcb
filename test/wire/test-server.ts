import { parseConfiguration } from '../../packages/server/src/config/index.ts'
import { startServer, type RunningServer } from '../../packages/server/src/main.ts'

export const account = '123456789012'

/** A test-mode server of this checkout's sources on a free port; the caller closes it. */
export function startTestServer(flags: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
  const configuration = parseConfiguration({
    flags: { test: 'true', port: '0', account, 'log-level': 'error', ...flags },
    environment: {},
  })
  return startServer(configuration)
}

export const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }

/** What an AWS client reads from its environment to talk to `server`. */
export const clientEnvironment = (server: RunningServer): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  AWS_ENDPOINT_URL: server.endpoint,
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_MAX_ATTEMPTS: '1',
  AWS_EC2_METADATA_DISABLED: 'true',
})

/** Brings records in through POST /events and returns its answer. */
export async function sendEvents(
  server: RunningServer,
  records: readonly object[],
  region = 'us-east-1',
): Promise<unknown> {
  const { signRequest } = await import('../../packages/server/src/auth/index.ts')
  const body = Buffer.from(records.map((record) => JSON.stringify(record)).join('\n'))
  const url = new URL('/events', server.endpoint)
  const unsigned = {
    method: 'POST',
    target: '/events',
    headers: { host: url.host, 'content-type': 'application/x-ndjson' },
    body,
  }
  const headers = signRequest(unsigned, { ...credentials, region, service: 'cloudtrail' }, Date.now())
  const response = await fetch(url, { method: 'POST', headers, body })
  if (!response.ok) throw new Error(`POST /events answered ${response.status}: ${await response.text()}`)
  return response.json()
}
