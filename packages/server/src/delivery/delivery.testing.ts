import { gunzipSync } from 'node:zlib'
import { parseLogFileKey } from '@opentrail/core/delivery'
import type { AccountId, NewEntry, Region, StreamId } from '@opentrail/core/event'
import { streamId } from '@opentrail/core/event'
import { entryOf } from '../../../core/src/delivery/delivery.testing.ts'
import { trail } from '../../../core/src/trail/trail.testing.ts'
import type { Trail, TrailSettings } from '@opentrail/core/trail'
import { BucketError, type BucketStore, type NewObject } from '../buckets/index.ts'
import { createMemoryBucketStore } from '../buckets/memory-bucket-store.ts'
import { createSchedule, type Clocks } from '../clock/index.ts'
import { createMemoryControlStore, type ControlStore } from '../control/index.ts'
import { createMemoryPostingsStore } from '../history/memory-postings-store.ts'
import { createMemoryJournal, type Journal } from '../journal/index.ts'
import { seededRandom } from '../disk/seeded-random.testing.ts'
import type { ServerEvent } from '../observability/index.ts'
import { openService, type Service } from '../service.ts'
import { signTestCheckpoint } from '../digests/checkpoint-signer.testing.ts'
import type { TopicPublisher } from '../topics/index.ts'
import { noTopics } from '../topics/fake-topics.testing.ts'
import { createFixedSigningKeys } from '../signing-keys/fixed-signing-keys.testing.ts'
import { createInPlaceContentBuilder } from './content-builder.ts'
import type { DeliveryLimits } from './delivery-limits.ts'
import { createMemorySpool, type DeliverySpool } from './spool.ts'

export const account = '111122223333' as AccountId
export const home = 'eu-west-1' as Region
export const elsewhere = 'us-east-1' as Region
export const homeStream = streamId(account, home)
export const minuteMs = 60_000
export const dayMs = 86_400_000
const startedAt = Date.UTC(2026, 2, 4, 12)

/** What a put shall do instead of only storing: nothing, fail before, or fail after it took effect. */
export type PutFault = (object: NewObject) => { readonly error: BucketError; readonly isStored: boolean } | undefined

/** A machine whose process can die and be started again: what is in `stores` stays. */
export interface Bench {
  readonly service: Service
  readonly stores: { readonly journal: Journal; readonly control: ControlStore; readonly spool: DeliverySpool }
  readonly buckets: ReturnType<typeof createMemoryBucketStore>
  readonly reported: readonly ServerEvent[]
  fault: PutFault | undefined
  /** So many reads from buckets to come are answered with nonsense, another each time. */
  garbledReads: number
  /** The credentials may put, and nothing else. */
  mayOnlyPut: boolean
  /** Keys in the order in which they were put, repetitions included. */
  readonly puts: readonly string[]
  now(): number
  /** Lets time pass; what falls due is done. */
  pass(ms: number): Promise<void>
  /** The process is gone without a word; another one opens what it left. */
  restart(): Promise<void>
  write(stream: StreamId, ...entries: NewEntry[]): Promise<void>
  /** Ids of the events in a bucket's files, by file. */
  delivered(bucket?: string): Promise<string[][]>
}

export async function createBench(
  options: {
    readonly limits?: Partial<DeliveryLimits>
    readonly isConditional?: boolean
    readonly fileEvents?: number
    readonly retentionDays?: number
    readonly topics?: TopicPublisher
    readonly control?: ControlStore
  } = {},
): Promise<Bench> {
  let clock = startedAt
  const journal = createMemoryJournal()
  const control = options.control ?? createMemoryControlStore()
  const spool = createMemorySpool()
  const buckets = createMemoryBucketStore({ now: () => clock })
  await buckets.createBucket('logs', { owner: account, region: home })
  const dice = seededRandom(7)
  const random = { bytes: (length: number) => Uint8Array.from({ length }, () => Math.floor(dice() * 256)) }
  const reported: ServerEvent[] = []
  const puts: string[] = []
  let schedule = newSchedule()
  let service: Service
  let writes = 0
  const clocks: Clocks = { domain: () => clock, wall: () => clock, monotonic: () => clock }

  function newSchedule() {
    const failed = (job: string, error: unknown) => void reported.push({ kind: 'job-failed', job, error })
    return createSchedule({ now: () => clock, failed, ticking: false })
  }

  const faulty: BucketStore = {
    ...buckets,
    supportsConditionalPut: () => options.isConditional ?? true,
    async put(object) {
      puts.push(object.key)
      const fault = bench.fault?.(object)
      if (!fault) return buckets.put(object)
      if (fault.isStored) await buckets.put(object)
      throw fault.error
    },
    async get(bucket, key, options) {
      if (bench.mayOnlyPut) throw new BucketError('AccessDenied', 'injected: these credentials may only put')
      const found = await buckets.get(bucket, key, options)
      if (bench.garbledReads === 0) return found
      return { ...found, body: Buffer.from(`nonsense ${bench.garbledReads--}`) }
    },
  }

  const open = async (): Promise<Service> =>
    openService(
      {
        journal,
        control,
        postings: createMemoryPostingsStore(),
        buckets: faulty,
        content: createInPlaceContentBuilder({
          journal,
          ...(options.fileEvents !== undefined && { limits: { eventsMax: options.fileEvents } }),
        }),
        spool,
        signingKeys: createFixedSigningKeys(),
        topics: options.topics ?? noTopics,
        signCheckpoint: signTestCheckpoint,
        clocks,
        random,
        schedule,
        report: (event) => void reported.push(event),
      },
      {
        regions: [home, elsewhere],
        leadingRegion: elsewhere,
        retentionDays: options.retentionDays ?? 90,
        deliveryLimits: { intervalMs: minuteMs, ...options.limits },
      },
    )

  const bench: Bench = {
    get service() {
      return service
    },
    stores: { journal, control, spool },
    buckets,
    reported,
    puts,
    fault: undefined,
    garbledReads: 0,
    mayOnlyPut: false,
    now: () => clock,
    pass: (ms) => schedule.advance(ms, (time) => void (clock = time)),
    async restart() {
      await schedule.close()
      schedule = newSchedule()
      service = await open()
    },
    async write(stream, ...entries) {
      const stamped = entries.map((entry) => ({ ...entry, admittedAt: clock, idKey: idKey(writes++) }))
      await service.writer.write(stream, stamped)
    },
    async delivered(bucket = 'logs') {
      const { objects } = await buckets.list(bucket, {})
      const files = objects.filter(({ key }) => key.endsWith('.json.gz') && parseLogFileKey(key) !== undefined)
      return Promise.all(
        files.map(async ({ key }) => idsIn((await buckets.get(bucket, key, { bytesMax: 1 << 26 })).body)),
      )
    },
  }
  service = await open()
  return bench
}

const idKey = (number: number): Uint8Array => {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32BE(number, 12)
  return bytes
}

const idsIn = (body: Uint8Array): string[] =>
  (JSON.parse(gunzipSync(body).toString()) as { Records: { eventID: string; eventName: string }[] }).Records.map(
    ({ eventID, eventName }) => (eventName === 'RunInstances' ? eventID : eventName),
  )

/** An event that the default selectors take, known by its id. */
export const event = (id: string): NewEntry => entryOf({ id })

export interface TrailEdit extends Partial<Omit<Trail, 'settings'>> {
  readonly settings?: Partial<TrailSettings>
}

/** Changes a trail (makes it where there is none), recorded as the operation of that name would be. */
export async function changeTrail(
  { service, now }: Bench,
  operation: string,
  name: string,
  edit: TrailEdit | undefined,
  homeRegion: Region = home,
): Promise<Trail> {
  return service.trails.change(async (save) => {
    const before = service.trails.find(account, homeRegion, name)
    const base: Trail = before ?? newTrail(name, homeRegion, now())
    const after = edit && { ...base, ...edit, settings: { ...base.settings, ...edit.settings } }
    await save({ before, after, output: {} }, ({ writes, configVersion, committed }) =>
      service.trail.commit(writes, callOf(operation, name, homeRegion), {
        ...(configVersion !== undefined && { configVersion }),
        ...(committed && { committed }),
      }),
    )
    return after ?? base
  })
}

const newTrail = (name: string, homeRegion: Region, createdAt: number): Trail =>
  trail({ id: `id-of-${name}-${createdAt}`, homeRegion, name, createdAt, settings: { bucket: 'logs' } })

const callOf = (eventName: string, name: string, region: Region) => ({
  identity: { kind: 'machine-owner' as const, account },
  region,
  eventSource: 'cloudtrail.amazonaws.com',
  eventName,
  readOnly: false,
  requestId: `${eventName} ${name}`,
  sourceIPAddress: '127.0.0.1',
  userAgent: 'test',
  requestParameters: { Name: name },
})

export const failing = (code: string, isStored = false, isOutcomeUnknown = isStored) => ({
  error: new BucketError(code, `injected ${code}`, { isOutcomeUnknown }),
  isStored,
})
