import type { AccountId, Region } from '@opentrail/core/event'
import { partitionOf } from '@opentrail/core/trail'
import type { PolicyDocument } from '@opentrail/core/policy'
import type { QueueSettings } from './queue-settings.ts'

/** A queue as the control store keeps it, at `queues/queue/<account>/<region>/<name>`. */
export interface QueueDocument {
  /** Names the queue's messages. A queue of the same name that is made later has another one. */
  readonly id: string
  /** Domain time, ms. */
  readonly createdAt: number
  readonly modifiedAt: number
  /** Attributes that were set, in the wire's own names, checked; defaults are not written down. */
  readonly attributes: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  /** Messages up to this sequence were purged. */
  readonly purgedThrough: number
  readonly purgedAt?: number
}

export interface QueueName {
  readonly account: AccountId
  readonly region: Region
  readonly name: string
}

/** A queue in memory: the document and what is read from it. */
export interface Queue extends QueueName {
  readonly arn: string
  readonly document: QueueDocument
  readonly settings: QueueSettings
  /** Undefined where the queue has none. */
  readonly policy: PolicyDocument | undefined
}

export const queueArn = ({ account, region, name }: QueueName): string =>
  `arn:${partitionOf(region)}:sqs:${region}:${account}:${name}`

/** Undefined: not the ARN of a queue. */
export function readQueueArn(arn: string): QueueName | undefined {
  const [, region, account, name] =
    /^arn:[a-z-]{1,20}:sqs:([a-z0-9-]{1,32}):(\d{12}):([\w-]{1,80}(?:\.fifo)?)$/.exec(arn) ?? []
  if (region === undefined || account === undefined || name === undefined) return undefined
  return { account: account as AccountId, region: region as Region, name }
}
