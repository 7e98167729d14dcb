import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { AccountId, Region } from '@opentrail/core/event'
import type { Destination, DestinationFault } from '../buckets/index.ts'
import { createMemoryControlStore } from '../control/index.ts'
import type { DeliveryStatus } from '../delivery/index.ts'
import { KeyServiceError, type KeyDescription } from '../kms/index.ts'
import { TopicError } from '../topics/index.ts'
import { openTrailDirectory, type Change } from '../trails/index.ts'
import { ApiError } from '../api-error/index.ts'
import type { OperationContext } from './operation.ts'
import { createTrailOperations } from './trail-operations.ts'

export const account = '111122223333' as AccountId
export const otherAccount = '999988887777' as AccountId
export const start = Date.parse('2026-11-21T12:00:00.250Z')

/** A service of three Regions whose buckets are all there, unless a test says otherwise; nothing leaves the process. */
export async function createTrailService() {
  const operations = new Map(
    createTrailOperations({ random: { bytes: (length) => randomBytes(length) } }).map((each) => [each.name, each]),
  )
  const control = createMemoryControlStore()
  const trails = await openTrailDirectory(control)
  const service = {
    trails,
    now: start,
    regions: ['us-east-1', 'eu-west-1', 'ap-south-2'],
    /** By bucket. */
    faults: new Map<string, DestinationFault>(),
    /** ARNs of the topics that there are, and what is wrong with some of them. */
    topics: new Set<string>(),
    topicFaults: new Map<string, string>(),
    published: [] as { topicArn: string; message: string }[],
    /** By every form in which a key can be named: the key, or KMS's code of what is wrong. */
    keys: new Map<string, KeyDescription | string>(),
    /** ARNs of keys whose policies do not let CloudTrail in. */
    closedKeys: new Set<string>(),
    bucketRegion: 'us-east-1' as string | undefined,
    /** Buckets that answer only then. */
    delays: new Map<string, Promise<void>>(),
    /** What the bucket check was asked, in order. */
    checked: [] as Destination[],
    /** What was committed, in order. */
    committed: [] as Change[],
    /** Makes the journal refuse. */
    commitFailure: undefined as Error | undefined,
    /** By Region, of every trail. */
    deliveries: new Map<string, DeliveryStatus>(),
    async call(name: string, input: object, { region = 'us-east-1', by = account }: CallFrom = {}) {
      const operation = operations.get(name)
      assert.ok(operation, name)
      const context = {
        caller: { account: by },
        region: region as Region,
        regions: service.regions as Region[],
        leadingRegion: 'us-east-1' as Region,
        clocks: { domain: () => service.now, wall: () => 0, monotonic: () => 0 },
        trails,
        delivery: { status: (_trailId: string, of: Region) => service.deliveries.get(of) ?? {} },
        checkDestination: async (destination: Destination) => {
          service.checked.push(destination)
          await service.delays.get(destination.bucket)
          return service.faults.get(destination.bucket)
        },
        keys: {
          async describe(key: string) {
            const found = service.keys.get(key)
            if (typeof found === 'object') return found
            throw new KeyServiceError(found ?? 'NotFoundException', `describing ${key} failed`)
          },
          mayGenerate: async (keyArn: string) => !service.closedKeys.has(keyArn),
        },
        bucketRegion: async () => service.bucketRegion,
        topics: {
          async publish({ topicArn, message }: { topicArn: string; message: string }) {
            const code = service.topicFaults.get(topicArn) ?? (service.topics.has(topicArn) ? undefined : 'NotFound')
            if (code !== undefined) throw new TopicError(code, `publishing to ${topicArn} failed`)
            service.published.push({ topicArn, message })
          },
        },
        commit: async (change: Change) => {
          if (service.commitFailure) throw service.commitFailure
          await control.transact(change.writes)
          change.committed?.()
          service.committed.push(change)
        },
      } as unknown as OperationContext
      const answer = await operation.handle(input as Record<string, unknown>, context)
      // What goes over the wire: a member that is undefined here is absent there, and null would be seen.
      return JSON.parse(JSON.stringify(answer)) as Answer
    },
    /** The refusal as `code: message`; the call must fail, and with an answer of its own. */
    async refusal(name: string, input: object, from: CallFrom = {}): Promise<string> {
      const error = await service.call(name, input, from).then(
        () => assert.fail(`${name} accepted ${JSON.stringify(input).slice(0, 200)}`),
        (failure: unknown) => failure,
      )
      assert.ok(error instanceof ApiError, String(error))
      assert.equal(error.status, error.code === 'ServiceUnavailable' ? 503 : 400)
      assert.ok(error.message.length > 0 && error.message.length < 500, error.message.slice(0, 600))
      return `${error.code}: ${error.message}`
    },
    /** The exception's name alone. */
    refusalCode: async (name: string, input: object, from: CallFrom = {}): Promise<string> =>
      (await service.refusal(name, input, from)).split(':', 1)[0]!,
    create: (Name: string, members: object = {}, from: CallFrom = {}) =>
      service.call('CreateTrail', { Name, S3BucketName: 'audit-logs', ...members }, from),
  }
  return service
}

export type Answer = Readonly<Record<string, unknown>> & {
  readonly Trail?: Readonly<Record<string, unknown>>
  readonly trailList?: readonly Readonly<Record<string, unknown>>[]
}

export interface CallFrom {
  readonly region?: string
  readonly by?: AccountId
}

export const arnOf = (name: string, region = 'us-east-1', of = account) =>
  `arn:aws:cloudtrail:${region}:${of}:trail/${name}`
