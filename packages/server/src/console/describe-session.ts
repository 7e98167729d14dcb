import { readFileSync } from 'node:fs'
import type { ApiSession } from '@opentrail/core/api'
import type { Region } from '@opentrail/core/event'
import { historyDays } from '@opentrail/core/history'
import type { Principal } from '../accounts/index.ts'
import type { ConsoleSessions } from './sessions.ts'

export interface SessionDescription {
  readonly sessions: Pick<ConsoleSessions, 'expiresAt'>
  readonly regions: readonly Region[]
  readonly mode: ApiSession['server']['mode']
  /** Domain time, milliseconds since the epoch. */
  now(): number
  /** As clients reach the server. */
  endpoint(): string
}

/** What `GET /api/v1/session` answers: who asks, and what there is to ask about. */
export function createSessionDescription({ sessions, regions, mode, now, endpoint }: SessionDescription) {
  const version = packageVersion()
  return ({ arn, userName, account, role, accessKeyId }: Principal, region: Region): ApiSession => {
    const expiresAt = sessions.expiresAt(accessKeyId)
    return {
      principal: { arn, userName, account, role },
      region,
      regions,
      accounts: [account],
      server: { version, mode, now: new Date(now()).toISOString(), historyDays, endpoint: endpoint() },
      ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
    }
  }
}

const packageVersion = (): string => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return (manifest as { readonly version: string }).version
}
