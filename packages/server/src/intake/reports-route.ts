import { pipeline } from 'node:stream/promises'
import { describeCall, type CallName, type Exchange, type Route } from '../http/index.ts'
import { ApiError } from '../operations/index.ts'
import type { SelfTrail } from '../selftrail/index.ts'
import { authenticateCaller, channelOf, eventsSource, type AuthenticationOptions, type Caller } from './caller.ts'
import type { RefusalReports } from './refusal-reports.ts'

export interface ReportsRouteOptions extends AuthenticationOptions {
  readonly reports: RefusalReports
  readonly trail: SelfTrail
  readonly onFault: (error: unknown, where: string) => void
}

const path = '/events/reports/'
const call: CallName = {
  eventSource: eventsSource,
  eventName: 'GetEventsReport',
  readOnly: true,
  category: 'Data',
}
/** Ids are UUIDs; of anything else the record keeps this much. */
const recordedIdCharactersMax = 64

/**
 * `GET /events/reports/<id>`: all refusals of one request, one JSON object a line, for principals of the account that made
 * the request. Others learn as little as they would of an id that never was.
 */
export function reportsRoute(options: ReportsRouteOptions): Route {
  return {
    method: 'GET',
    path,
    match: 'prefix',
    async handle(exchange) {
      const caller = await authenticateCaller(exchange, call, options)
      const id = exchange.path.slice(path.length)
      const report = await options.reports.read(caller.principal.account, id)
      const missing = report
        ? undefined
        : new ApiError('ResourceNotFoundException', 'There is no such report (any more).', { status: 404 })
      try {
        await recordCall(exchange, caller, id, options, missing)
      } catch (error) {
        report?.destroy()
        throw error
      }
      if (!report) throw missing
      exchange.outgoing.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
      await pipeline(report, exchange.outgoing).catch((error: unknown) => {
        if (!exchange.signal.aborted) throw error
      })
    },
  }
}

/** @throws {ApiError} ServiceUnavailable: what could not be recorded is not answered. */
async function recordCall(
  exchange: Exchange,
  caller: Caller,
  id: string,
  { trail, onFault }: ReportsRouteOptions,
  failure?: ApiError,
): Promise<void> {
  try {
    await trail.record({
      ...describeCall(exchange, call, { kind: 'user', principal: caller.principal }, caller.region),
      requestParameters: { reportId: id.slice(0, recordedIdCharactersMax) },
      resources: channelOf(caller),
      ...(failure && { errorCode: failure.code, errorMessage: failure.message }),
    })
  } catch (cause) {
    onFault(cause, `record of ${call.eventName}`)
    throw new ApiError('ServiceUnavailable', 'The call could not be recorded. Try again.', { status: 503, cause })
  }
}
