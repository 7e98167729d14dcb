import { isAccountId, type AccountId, type Region } from '@opentrail/core/event'
import { authenticateCaller, requireRole, type AuthenticationOptions, type Caller } from '../api/index.ts'
import { ApiError } from '../api-error/index.ts'
import { describeCall, type CallName, type Exchange, type Route } from '../http/index.ts'
import type { ServerEvent } from '../observability/index.ts'
import type { SelfTrail } from '../selftrail/index.ts'
import { channelOf, eventsSource } from './events-api.ts'
import { ImportInterruptedError, ImportRoomError, type Importer, type ImportOutcome } from './importer.ts'
import { intakeFailure } from './intake-failure.ts'
import { withProvenBody } from './proven-body.ts'
import { createSpool, type Spool } from './spool.ts'
import { reusedCode } from './tally.ts'

export interface ImportRouteOptions extends AuthenticationOptions {
  readonly importer: Importer
  /** Of one file, unpacked. */
  readonly bodyBytesMax: number
  readonly spoolDirectory: string
  /** Those that the caller may import into. */
  readonly accountsOf: (principal: Caller['principal']) => ReadonlySet<string>
  readonly trail: Pick<SelfTrail, 'record'>
  readonly report: (event: ServerEvent) => void
}

/** A data event as `PostEvents` is: a bucket has hundreds of thousands of files, each of which is one call. */
const call: CallName = { eventSource: eventsSource, eventName: 'ImportEvents', readOnly: false, category: 'Data' }
/** As long as a key of S3, with its bucket. */
const fileNameCharactersMax = 1_100
const MiB = 1024 * 1024
const spoolLimits = { bodyMemoryBytesMax: 4 * MiB, memoryBytesMax: 16 * MiB, diskBytesMax: 4 * 1024 * MiB }

/**
 * `POST /api/v1/import?file=&account=&region=`: a CloudTrail log file's content, NDJSON or `{"Records":[...]}`, plain or gzip, by an
 * administrator. `file`: its name, for the record of the call. `account`, `region`: whose the records are that name none; the
 * caller's own account and the Region of the signature where absent. Answers as `ApiImportAnswer`.
 */
export function importRoute(options: ImportRouteOptions): Route {
  const spool = createSpool(options.spoolDirectory, spoolLimits)
  return {
    method: 'POST',
    path: '/api/v1/import',
    bodyBytesMax: options.bodyBytesMax,
    async handle(exchange) {
      const caller = await authenticateCaller(exchange, call, options)
      const { outcome, failure } = await perform(exchange, caller, spool, options)
      exchange.respond({
        status: failure?.status ?? 200,
        headers: { 'Content-Type': 'application/json', ...(failure && { 'x-amzn-ErrorType': failure.code }) },
        body: JSON.stringify({
          ...(failure && { __type: failure.code, Message: failure.message }),
          ...outcome?.answer,
        }),
      })
    },
  }
}

interface Performed {
  readonly outcome?: ImportOutcome
  readonly failure?: ApiError
}

/** Recorded whatever happens: what is imported stays imported, but a call without its record is not answered as done. */
async function perform(
  exchange: Exchange,
  caller: Caller,
  spool: Spool,
  options: ImportRouteOptions,
): Promise<Performed> {
  let performed: Performed
  const failureOf = (error: unknown): ApiError =>
    importFailure(error, options.bodyBytesMax, () =>
      options.report({ kind: 'failure', message: 'POST /api/v1/import', error, requestId: exchange.requestId }),
    )
  try {
    requireRole(caller, ['administrator'], call)
    performed = { outcome: await take(exchange, caller, spool, options) }
  } catch (error) {
    performed =
      error instanceof ImportInterruptedError
        ? { outcome: error.outcome, failure: failureOf(error.cause) }
        : { failure: failureOf(error) }
  }
  try {
    await recordCall(exchange, caller, options, performed)
    return performed
  } catch (error) {
    return { ...performed, failure: failureOf(error) }
  }
}

function importFailure(error: unknown, bytesMax: number, onFault: () => void): ApiError {
  if (!(error instanceof ImportRoomError)) return intakeFailure(error, bytesMax, onFault)
  return new ApiError('ServiceUnavailable', `There is no room for imports: ${error.message}.`, {
    cause: error,
    status: 503,
  })
}

async function take(
  exchange: Exchange,
  caller: Caller,
  spool: Spool,
  options: ImportRouteOptions,
): Promise<ImportOutcome> {
  const accounts = options.accountsOf(caller.principal)
  const place = placeOf(exchange, caller, accounts, options.regions)
  return withProvenBody(exchange, caller, { spool, bytesMax: options.bodyBytesMax }, (body, encoding) =>
    options.importer.take({
      ...place,
      body,
      encoding,
      accounts,
      principal: caller.principal.arn,
      signal: exchange.signal,
    }),
  )
}

/** @throws {ApiError} it is no account that the caller may import into, or no Region of this server. */
function placeOf(
  { query }: Exchange,
  { principal, region: called }: Caller,
  accounts: ReadonlySet<string>,
  regions: ReadonlySet<string>,
): { readonly account: AccountId; readonly region: Region } {
  const parameters = new URLSearchParams(query)
  const account = parameters.get('account') ?? principal.account
  const region = parameters.get('region') ?? called
  if (!isAccountId(account) || !accounts.has(account))
    throw new ApiError('UnknownAccount', `There is no account ${JSON.stringify(account.slice(0, 64))} to import into.`)
  if (!regions.has(region))
    throw new ApiError('UnknownRegion', `Region ${JSON.stringify(region.slice(0, 64))} is not configured.`)
  return { account, region: region as Region }
}

/** The data event about the call and, where ids were reused, the management event that says so. */
async function recordCall(
  exchange: Exchange,
  caller: Caller,
  { trail }: ImportRouteOptions,
  { outcome, failure }: Performed,
): Promise<void> {
  const { principal, region } = caller
  const described = describeCall(exchange, call, { kind: 'user', principal }, region)
  const denied = failure?.code === 'AccessDeniedException'
  const requestParameters = parametersOf(exchange)
  const counts = outcome && countsOf(outcome)
  await trail.record({
    ...described,
    ...(!denied && { requestParameters }),
    resources: channelOf(caller),
    ...(counts && (failure ? { additionalEventData: counts } : { responseElements: counts })),
    ...(failure && { errorCode: denied ? 'AccessDenied' : failure.code, errorMessage: failure.message }),
  })
  if (!outcome || outcome.reused.count === 0) return
  // Of two events with one id one is not what was recorded: that is seen in the event history.
  await trail.record({
    ...described,
    category: 'Management',
    eventName: reusedCode,
    eventSource: 'cloudtrail.amazonaws.com',
    requestParameters,
    errorCode: reusedCode,
    errorMessage: `${outcome.reused.count} imported records have an eventID that is taken by an event with other content`,
    additionalEventData: outcome.reused,
  })
}

function parametersOf({ query }: Exchange): Record<string, string> {
  const sent = new URLSearchParams(query)
  const named = { fileName: sent.get('file'), account: sent.get('account'), region: sent.get('region') }
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, value]) =>
      value === null ? [] : [[name, value.slice(0, fileNameCharactersMax)]],
    ),
  )
}

function countsOf({ answer: { records, imported, alreadyThere, refusedCount } }: ImportOutcome) {
  return { records, imported, alreadyThere, refused: refusedCount }
}
