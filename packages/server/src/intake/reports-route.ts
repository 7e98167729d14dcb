import { apiRoute, type ApiRouteOptions } from '../api/index.ts'
import { ApiError } from '../api-error/index.ts'
import type { Route } from '../http/index.ts'
import { channelOf, eventsSource } from './events-api.ts'
import type { RefusalReports } from './refusal-reports.ts'

export interface ReportsRouteOptions extends ApiRouteOptions {
  readonly reports: RefusalReports
}

/**
 * `GET /events/reports/<id>`: all refusals of one request, one JSON object a line, for principals of the account that made
 * the request. Others learn as little as they would of an id that never was.
 */
export const reportsRoute = (options: ReportsRouteOptions): Route =>
  apiRoute(
    {
      method: 'GET',
      path: '/events/reports/{reportId}',
      eventName: 'GetEventsReport',
      readOnly: true,
      eventSource: eventsSource,
      category: 'Data',
      recorded: [],
      resources: channelOf,
      async ask({ principal, pathParameter: id }) {
        const report = await options.reports.read(principal.account, id)
        if (report) return { stream: report, contentType: 'application/x-ndjson' }
        throw new ApiError('ResourceNotFoundException', 'There is no such report (any more).', { status: 404 })
      },
    },
    options,
  )
