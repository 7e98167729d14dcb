import type { ApiDemo } from '@opentrail/core/api'
import { storyRegions, tellStory, type StoryRequest } from '../demo/index.ts'
import { demoSchema } from './answer-schemas.ts'
import { apiError, operation, type ApiOperation } from './operation.ts'
import type { SessionParts } from './session-operation.ts'

export interface DemoParts extends Pick<SessionParts, 'describeSession'> {
  readonly leadingRegion: string
  /** Domain time, milliseconds since the epoch. */
  now(): number
}

/** As `opentrail demo` plays it without `--seed`. */
const seed = 1

/** The records of `opentrail demo`, for who looks from a browser; storing them is up to `POST /events` and to who may call it. */
export const demoOperation = (parts: DemoParts): ApiOperation =>
  operation({
    method: 'GET',
    path: '/api/v1/demo',
    eventName: 'GetDemoRecords',
    brief: 'An hour of invented activity that ends now, to be sent to `POST /events`',
    details:
      'What `opentrail demo` sends. Nothing is stored by asking for it. Servers that only show log files have none.',
    parameters: {},
    answer: { json: demoSchema },
    errors: [],
    async ask({ principal, region }) {
      if (parts.describeSession(principal, region).server.mode === 'open')
        throw apiError('AccessDeniedException', 'This server shows log files only; it takes no events.')
      const story: StoryRequest = {
        account: principal.account,
        ...storyRegions(region, parts.leadingRegion),
        seed,
        end: parts.now(),
      }
      // Members that are undefined are no members of the record.
      return { json: JSON.parse(JSON.stringify({ Records: tellStory(story) })) as ApiDemo }
    },
  })
