import { type Route } from '../http/index.ts'
import type { ApiRouteOptions } from './api-route.ts'
import { openApiDocument } from './openapi.ts'
import { operationRoute, type ApiOperation } from './operation.ts'
import { eventsOperation, histogramOperation, valuesOperation } from './search-operations.ts'
import { sessionOperation, type SessionParts } from './session-operation.ts'
import { liveOperation, type LiveParts } from './live-operation.ts'
import type { SearchParts } from './walk.ts'

export type ApiParts = SearchParts & SessionParts & LiveParts

/** All operations, in the order of the reference. */
export const apiOperations = (parts: ApiParts): ApiOperation[] => [
  sessionOperation(parts),
  eventsOperation(parts),
  histogramOperation(parts),
  valuesOperation(parts),
  liveOperation(parts),
]

/** `/api/v1`, and the document that describes it, which everybody may read. */
export function apiRoutes(parts: ApiParts, options: ApiRouteOptions): Route[] {
  const operations = apiOperations(parts)
  const document = JSON.stringify(openApiDocument(operations))
  return [
    {
      method: 'GET',
      path: '/api/v1/openapi.json',
      handle: (exchange) =>
        exchange.respond({ status: 200, headers: { 'Content-Type': 'application/json' }, body: document }),
    },
    ...operations.map((own) => operationRoute(own, options)),
  ]
}
