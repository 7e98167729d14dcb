import type { AccountId } from '@opentrail/core/event'
import type { Accounts } from './accounts/index.ts'
import { ApiError } from './api-error/index.ts'
import { uuid, type Clocks, type Random } from './clock/index.ts'
import { jsonError, type Route, type SharedPathService } from './http/index.ts'
import type { Importer, ImportRequest } from './intake/index.ts'
import type { Operation } from './operations/index.ts'

/** What `opentrail open` does to the server that it has started: nobody else can reach any of it. */
export interface OpenedServer {
  take(file: Pick<ImportRequest, 'body' | 'encoding' | 'account' | 'region' | 'signal'>): ReturnType<Importer['take']>
  /** Accounts and Regions come with the logs. */
  addAccount(accountId: string): Promise<void>
  addRegion(region: string): void
  /** The server's clock, for whoever looks something up, stands at the newest event that was read. */
  standAt(time: number): void
}

/** The clocks of questions: "now" is the newest event, so that the last 90 days of a bucket are those before it. */
export function standingClocks(clocks: Clocks): { readonly clocks: Clocks; standAt(time: number): void } {
  let newest = -Infinity
  return {
    clocks: { ...clocks, domain: () => (newest === -Infinity ? clocks.domain() : newest) },
    standAt(time) {
      newest = Math.max(newest, time)
    },
  }
}

export interface OpenedServerParts {
  readonly importer: Importer
  readonly accounts: Accounts
  readonly account: AccountId
  readonly regions: Set<string>
  readonly random: Random
  readonly standAt: (time: number) => void
}

export function createOpenedServer({ importer, accounts, account, ...parts }: OpenedServerParts): OpenedServer {
  return {
    take: (file) =>
      importer.take({ ...file, principal: `arn:aws:iam::${account}:user/admin`, accounts: accounts.accountIds }),
    async addAccount(accountId) {
      const caller = { requestId: uuid(parts.random), sourceIPAddress: '127.0.0.1', userAgent: 'opentrail open' }
      try {
        await accounts.createAccount(caller, { accountId })
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'EntityAlreadyExists') throw error
      }
    },
    addRegion: (region) => void parts.regions.add(region),
    standAt: parts.standAt,
  }
}

const refusalText =
  'This server was started by "opentrail open": it shows log files read-only and takes neither changes nor events.'
const refusal = () => new ApiError('AccessDeniedException', refusalText, { status: 403 })

/** What only reads is answered, everything else refused before it is looked at. */
export const readOnlyRoute = (route: Route): Route => ({
  ...route,
  async handle(exchange) {
    if (exchange.wire.method === 'GET' || exchange.wire.method === 'HEAD') return route.handle(exchange)
    exchange.respond(jsonError(403, 'AccessDeniedException', refusalText))
  },
})

export const readOnlyOperation = (operation: Operation): Operation =>
  operation.readOnly ? operation : { ...operation, handle: () => Promise.reject(refusal()) }

export const refusedService = (service: SharedPathService): SharedPathService => ({
  claims: (exchange) => service.claims(exchange),
  async handle(exchange) {
    exchange.respond(jsonError(403, 'AccessDeniedException', refusalText))
  },
})
