import { type Route } from '../http/index.ts'
import type { ApiRouteOptions } from './api-route.ts'
import { openApiDocument } from './openapi.ts'
import { operationRoute, type ApiOperation } from './operation.ts'
import { eventsOperation, histogramOperation, valuesOperation } from './search-operations.ts'
import { sessionOperation, type SessionParts } from './session-operation.ts'
import { askOperation } from './ask-operation.ts'
import { demoOperation, type DemoParts } from './demo-operation.ts'
import { dryRunOperation } from './dry-run-operation.ts'
import { eventOperation, type DetailParts } from './event-detail.ts'
import type { Random } from '../clock/index.ts'
import { createLiveStreams, type LiveOptions } from './live-streams.ts'
import { createPageCursors } from './page-cursors.ts'
import { createSeals } from './seals.ts'
import { importDescription } from './import-description.ts'
import { liveOperation, type LiveParts } from './live-operation.ts'
import { identityTimelineOperation, resourceTimelineOperation } from './timeline-operations.ts'
import { digestsOperation, logFilesOperation, type TrailParts } from './trail-operations.ts'
import { verificationOperation, type VerificationParts } from './verification-operation.ts'
import type { SearchParts } from './walk.ts'

export type ApiParts = SearchParts & SessionParts & LiveParts & DetailParts & TrailParts & DemoParts & VerificationParts

/** All operations, in the order of the reference. */
export const apiOperations = (parts: ApiParts): ApiOperation[] => [
  sessionOperation(parts),
  eventsOperation(parts),
  histogramOperation(parts),
  valuesOperation(parts),
  eventOperation(parts),
  resourceTimelineOperation(parts),
  identityTimelineOperation(parts),
  askOperation(parts),
  dryRunOperation(parts),
  liveOperation(parts),
  logFilesOperation(parts),
  digestsOperation(parts),
  demoOperation(parts),
  verificationOperation(parts),
]

export interface Api {
  /** `/api/v1`, and the document that describes it, which everybody may read. */
  readonly routes: readonly Route[]
  /** Ends the live streams, which else would keep a server that stops waiting. */
  close(): void
}

export interface ApiOptions extends ApiRouteOptions, Omit<ApiParts, 'cursors' | 'seals' | 'live' | 'journal'> {
  readonly journal: LiveOptions['journal']
  /** 32 bytes that seal cursors; the same for every process that answers for the deployment. */
  readonly cursorKey: Uint8Array
  readonly random: Random
}

export function createApi(options: ApiOptions): Api {
  const seals = createSeals(options.cursorKey, options.random, 'OpenTrail API cursor')
  const live = createLiveStreams(options)
  const parts: ApiParts = { ...options, seals, cursors: createPageCursors(seals), live }
  return { routes: apiRoutes(parts, options), close: () => live.close() }
}

/** A route for each operation, and one for their description. */
export function apiRoutes(parts: ApiParts, options: ApiRouteOptions): Route[] {
  const operations = apiOperations(parts)
  const document = JSON.stringify(openApiDocument([...operations, importDescription]))
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
