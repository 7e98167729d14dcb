import * as z from 'zod'
import type {
  ApiAnswer,
  ApiCounts,
  ApiDemo,
  ApiDigestPage,
  ApiDryRun,
  ApiImportAnswer,
  ApiError,
  ApiEvent,
  ApiEventDetail,
  ApiEventPage,
  ApiIdentityTimeline,
  ApiLogFilePage,
  ApiResourceTimeline,
  ApiSession,
  ApiTopValues,
  ApiVerification,
} from '@opentrail/core/api'

// What the answers look like, for the document; that they are the shapes of @opentrail/core/api is checked by their types.

const text = z.string()
const optionalText = z.string().exactOptional()
const time = z.iso.datetime().describe('ISO 8601, UTC')
const optionalTime = time.exactOptional()
const count = z.int().min(0)
const hexadecimal = z.string().regex(/^[0-9a-f]{64}$/)
const account = z.string().regex(/^\d{12}$/)
const cursor = z.string().describe('To go on with; absent at the end').exactOptional()
const searchedTo = time.describe('How far back this answer has looked; absent: everything').exactOptional()
const counted = z.array(z.strictObject({ value: text, count }))

export const eventSchema = z
  .strictObject({
    eventId: text,
    eventTime: time,
    eventName: text,
    eventSource: text,
    category: text,
    readOnly: z.boolean().exactOptional(),
    username: optionalText,
    accessKeyId: optionalText,
    sourceIPAddress: optionalText,
    errorCode: optionalText,
    resources: z.array(z.strictObject({ type: optionalText, name: text })),
    place: z.strictObject({
      account,
      region: text,
      sequence: z.int().min(1),
      admittedAt: time,
      origin: z.enum(['self', 'gateway', 'producer', 'import', 'derived']),
      recordHash: hexadecimal,
    }),
    record: text.describe("The record's own text"),
  })
  .meta({ id: 'Event' }) satisfies z.ZodType<ApiEvent>

export const errorSchema = z
  .strictObject({ __type: text, Message: text, at: count.exactOptional() })
  .meta({ id: 'Error' }) satisfies z.ZodType<ApiError>

export const sessionSchema = z.strictObject({
  principal: z.strictObject({
    arn: text,
    userName: text,
    account,
    role: z.enum(['administrator', 'auditor', 'producer']),
  }),
  region: text,
  regions: z.array(text),
  accounts: z.array(account),
  server: z.strictObject({
    version: text,
    mode: z.enum(['production', 'test', 'open']),
    now: time,
    historyDays: count,
    endpoint: text,
  }),
  expiresAt: optionalTime,
}) satisfies z.ZodType<ApiSession>

export const eventPageSchema = z.strictObject({
  events: z.array(eventSchema),
  cursor,
  searchedTo,
}) satisfies z.ZodType<ApiEventPage>

export const countsSchema = z.strictObject({
  total: count,
  bucketSeconds: z.int().min(1),
  buckets: z.array(z.strictObject({ start: time, count })),
  searchedTo,
}) satisfies z.ZodType<ApiCounts>

export const topValuesSchema = z.strictObject({
  attribute: text,
  total: count,
  values: counted,
  searchedTo,
}) satisfies z.ZodType<ApiTopValues>

const place = z.strictObject({ bucket: text, key: text })

export const eventDetailSchema = z.strictObject({
  event: eventSchema,
  recordedBy: text,
  trails: z.array(
    z.strictObject({
      trailArn: text,
      selected: z.boolean(),
      why: text,
      state: z.enum(['delivered', 'pending', 'abandoned', 'not-selected']),
      file: z
        .strictObject({
          bucket: text,
          key: text,
          sha256: hexadecimal,
          deliveredAt: time,
          digest: place.exactOptional(),
        })
        .exactOptional(),
    }),
  ),
  proof: z
    .strictObject({
      origin: text,
      leafIndex: count,
      leafHash: hexadecimal,
      treeSize: count,
      rootHash: hexadecimal,
      path: z.array(hexadecimal),
      checkpoint: text,
      verifierKey: text,
    })
    .exactOptional(),
}) satisfies z.ZodType<ApiEventDetail>

export const resourceTimelineSchema = z.strictObject({
  name: text,
  changes: z.array(
    z.strictObject({
      event: eventSchema,
      changes: z.array(z.strictObject({ path: text, before: optionalText, after: optionalText })),
    }),
  ),
  cursor,
  searchedTo,
}) satisfies z.ZodType<ApiResourceTimeline>

export const identityTimelineSchema = z.strictObject({
  name: text,
  firstSeen: optionalTime,
  lastSeen: optionalTime,
  total: count,
  failed: count,
  events: z.array(eventSchema),
  eventNames: counted,
  sources: counted,
  addresses: counted,
  errors: counted,
  cursor,
  searchedTo,
}) satisfies z.ZodType<ApiIdentityTimeline>

export const logFilePageSchema = z.strictObject({
  files: z.array(
    z.strictObject({
      account,
      region: text,
      bucket: text,
      key: text,
      sha256: hexadecimal,
      bytes: count,
      events: count,
      oldest: time,
      newest: time,
      deliveredAt: time,
    }),
  ),
  cursor,
}) satisfies z.ZodType<ApiLogFilePage>

export const digestPageSchema = z.strictObject({
  digests: z.array(
    z.strictObject({
      account,
      region: text,
      bucket: text,
      key: text,
      start: time,
      end: time,
      files: count,
      previousKey: optionalText,
      fingerprint: text,
      state: z.enum(['valid', 'invalid', 'missing', 'unknown']),
      why: optionalText,
    }),
  ),
  cursor,
}) satisfies z.ZodType<ApiDigestPage>

export const dryRunSchema = z.strictObject({
  events: count,
  selected: count,
  selectedBytes: count,
  byEventSource: z.array(z.strictObject({ value: text, events: count, selected: count })),
  sampleOf: count.exactOptional(),
}) satisfies z.ZodType<ApiDryRun>

export const answerSchema = z.strictObject({
  sentence: text,
  where: text,
  from: optionalTime,
  to: optionalTime,
  events: z.array(eventSchema),
  understood: z.enum(['event-id', 'identity', 'resource', 'event-name', 'address', 'question', 'text']),
  cursor,
  searchedTo,
}) satisfies z.ZodType<ApiAnswer>

export const demoSchema = z.strictObject({
  Records: z.array(z.record(z.string(), z.unknown())).describe('As `POST /events` takes them'),
}) satisfies z.ZodType<ApiDemo>

const outcome = z.enum(['valid', 'invalid', 'incomplete'])
const verifiedCounts = z.strictObject({ valid: count, invalid: count, unsigned: count })

export const verificationSchema = z.strictObject({
  state: z.enum(['running', 'done', 'failed']),
  why: text.describe('Of one that failed: what stood in the way, and what to do').exactOptional(),
  outcome: outcome.describe('Of one that is done: the worst of all').exactOptional(),
  checked: z.strictObject({ digests: count, logFiles: count }),
  trails: z.array(
    z.strictObject({
      arn: text,
      account,
      region: text,
      outcome,
      digests: verifiedCounts.describe(
        '`unsigned`: this copy has lost their signatures, so nothing can be said of them',
      ),
      logFiles: verifiedCounts.describe('`unsigned`: that only such digests list'),
      findings: z.array(
        z.strictObject({ kind: text, severity: z.enum(['invalid', 'gap', 'notice']), object: text, sentence: text }),
      ),
      findingsLeftOut: count,
    }),
  ),
  unproven: z.array(z.strictObject({ account, region: text })).describe('With log files and without any digest'),
  notKnown: z.array(text).describe('What this verification cannot tell at all, in sentences'),
}) satisfies z.ZodType<ApiVerification>

export const importAnswerSchema = z.strictObject({
  records: count,
  imported: count,
  alreadyThere: count,
  refused: z.array(z.strictObject({ index: count, eventId: optionalText, code: text, message: text })),
  refusedCount: count,
}) satisfies z.ZodType<ApiImportAnswer>

/** With what was taken until then. */
export const importErrorSchema = z.strictObject({
  __type: text,
  Message: text,
  ...importAnswerSchema.partial().shape,
})
