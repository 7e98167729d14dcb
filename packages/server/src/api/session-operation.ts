import type { ApiSession } from '@opentrail/core/api'
import type { Region } from '@opentrail/core/event'
import type { Principal } from '../accounts/index.ts'
import { sessionSchema } from './answer-schemas.ts'
import { operation, type ApiOperation } from './operation.ts'
import type { ScopeParts } from './scope.ts'

export interface SessionParts extends Pick<ScopeParts, 'accountIds'> {
  /** All but which accounts may be read. */
  readonly describeSession: (principal: Principal, region: Region) => ApiSession
}

/** Who asks, and what there is to ask about. */
export const sessionOperation = (parts: SessionParts): ApiOperation =>
  operation({
    method: 'GET',
    path: '/api/v1/session',
    eventName: 'GetSession',
    brief: 'Who asks, and what there is to ask about',
    details: 'The only route that producers may call.',
    parameters: {},
    answer: { json: sessionSchema },
    errors: [],
    async ask({ principal, region }) {
      const accounts = readableAccounts(principal, parts.accountIds)
      return { json: { ...parts.describeSession(principal, region), accounts } satisfies ApiSession }
    },
  })

/** The own one first. Producers bring events; they read none. */
function readableAccounts({ account, role, allAccounts }: Principal, accountIds: SessionParts['accountIds']): string[] {
  if (role === 'producer') return []
  if (!allAccounts) return [account]
  return [account, ...[...accountIds].filter((id) => id !== account).sort()]
}
