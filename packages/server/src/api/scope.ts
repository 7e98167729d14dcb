import { isAccountId, streamParts, type AccountId, type Region, type StreamId } from '@opentrail/core/event'
import { parseSearch, searchCharsMax, SearchSyntaxError, type SearchExpression } from '@opentrail/core/search'
import type { Journal } from '../journal/index.ts'
import { fromParameter, readRange, toParameter, type AskedRange } from './asked-time.ts'
import { apiError, type Asker } from './operation.ts'
import { invalid, optionalText } from './parameters.ts'

/** Streams that one request may read. */
export const streamsMax = 100
const listItemsMax = 100

export const whereParameter = optionalText(
  'The search, in the language of `docs/reference/search.md`. Absent: every event',
  {
    charsMax: searchCharsMax,
    example: 'eventName = DeleteBucket and error exists',
  },
)
export const accountsParameter = optionalText(
  'Accounts with commas between them; `*`: all that exist, for principals with all accounts. Absent: the own one',
  {
    charsMax: 13 * listItemsMax,
    pattern: /^(?:\*|\d{12}(?:,\d{12}){0,99})$/,
    form: '* or account ids of twelve digits with commas between them',
    example: '111122223333',
  },
)
export const regionsParameter = optionalText('Regions with commas between them. Absent: all of this server', {
  charsMax: 64 * listItemsMax,
  pattern: /^[a-z0-9-]{1,64}(?:,[a-z0-9-]{1,64}){0,99}$/,
  form: 'names of Regions with commas between them',
  example: 'us-east-1,eu-west-1',
})

export const scopeParameters = {
  where: whereParameter,
  from: fromParameter,
  to: toParameter,
  accounts: accountsParameter,
  regions: regionsParameter,
} as const

export interface SentScope {
  readonly where?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly accounts?: string | undefined
  readonly regions?: string | undefined
}

export interface ScopeParts {
  readonly journal: Pick<Journal, 'streams'>
  /** Always as they are now. */
  readonly accountIds: ReadonlySet<AccountId>
  /** Domain time, ms. */
  readonly now: () => number
}

export interface Scope extends AskedRange {
  /** Those that there are entries in. */
  readonly streams: readonly StreamId[]
  readonly expression?: SearchExpression
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal
}

/** @throws {ApiError} ValidationException, InvalidSearchException, AccessDeniedException */
export function readScope(sent: SentScope, asker: Asker, parts: ScopeParts): Scope {
  const expression = readWhere(sent.where)
  return {
    ...readRange(sent.from, sent.to, parts.now()),
    streams: readStreams(sent, asker, parts),
    ...(expression && { expression }),
    signal: asker.signal,
  }
}

/** @throws {ApiError} InvalidSearchException with the place */
export function readWhere(text: string | undefined): SearchExpression | undefined {
  if (text === undefined) return undefined
  try {
    return parseSearch(text)
  } catch (error) {
    if (!(error instanceof SearchSyntaxError)) throw error
    throw apiError('InvalidSearchException', `The search cannot be read: ${error.message}.`, {
      cause: error,
      at: error.at,
    })
  }
}

/** Those that there are entries in. @throws {ApiError} ValidationException, AccessDeniedException */
export function readStreams(
  sent: Pick<SentScope, 'accounts' | 'regions'>,
  asker: Asker,
  parts: ScopeParts,
): readonly StreamId[] {
  const isWanted = readPlaces(sent, asker, parts)
  const streams = parts.journal.streams().flatMap(({ stream }) => (isWanted(stream) ? [stream] : []))
  if (streams.length > streamsMax)
    throw invalid(`${streams.length} streams (accounts times Regions) are more than the ${streamsMax} of one request.`)
  return streams
}

/** Which streams are meant, also of those that there are no entries in yet. @throws {ApiError} as `readStreams` */
export function readPlaces(
  sent: Pick<SentScope, 'accounts' | 'regions'>,
  asker: Asker,
  parts: ScopeParts,
): (stream: StreamId) => boolean {
  const accounts = new Set(readAccounts(sent.accounts, asker, parts))
  const regions = new Set(readRegions(sent.regions, asker))
  return (stream) => {
    const { account, region } = streamParts(stream)
    return accounts.has(account) && regions.has(region)
  }
}

/** @throws {ApiError} AccessDeniedException: another account's events without the grant */
export function readAccounts(sent: string | undefined, asker: Asker, { accountIds }: ScopeParts): readonly AccountId[] {
  const { principal } = asker
  if (sent === undefined) return [principal.account]
  if (sent === '*') {
    if (!principal.allAccounts) throw accountDenied(asker, '*')
    return [...accountIds]
  }
  const accounts = sent.split(',').filter(isAccountId)
  const foreign = accounts.find((account) => account !== principal.account)
  if (foreign !== undefined && !principal.allAccounts) throw accountDenied(asker, foreign)
  const unknown = accounts.find((account) => !accountIds.has(account))
  if (unknown !== undefined) throw invalid(`There is no account ${unknown} on this server.`)
  return accounts
}

const accountDenied = ({ principal, eventName }: Asker, account: string) =>
  apiError(
    'AccessDeniedException',
    `User: ${principal.arn} is not authorized to perform: cloudtrail:${eventName} on resource: arn:aws:cloudtrail:*:${account}:* because no identity-based policy allows the cloudtrail:${eventName} action`,
  )

/** @throws {ApiError} ValidationException */
export function readRegions(sent: string | undefined, { regions }: Pick<Asker, 'regions'>): readonly Region[] {
  if (sent === undefined) return [...regions] as Region[]
  const names = sent.split(',')
  const unknown = names.find((name) => !regions.has(name))
  if (unknown !== undefined) throw invalid(`Region ${unknown} is not one of this server.`)
  return names as Region[]
}
