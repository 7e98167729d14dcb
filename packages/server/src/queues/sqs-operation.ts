import type { Region } from '@opentrail/core/event'
import type { Principal } from '../accounts/index.ts'
import type { Clocks, Random } from '../clock/index.ts'
import type { Commit } from '../trails/index.ts'
import type { MessageStore } from './message-store.ts'
import type { QueueDirectory } from './queue-directory.ts'
import type { Queue, QueueName } from './queue.ts'
import type { ReceiptHandles } from './receipt-handle.ts'
import type { Waiting } from './waiting.ts'

export type SqsInput = Readonly<Record<string, unknown>>
export type SqsOutput = Readonly<Record<string, unknown>>

/** What operations work with. */
export interface SqsParts {
  readonly directory: QueueDirectory
  readonly store: MessageStore
  readonly waiting: Waiting
  readonly receiptHandles: ReceiptHandles
  readonly clocks: Pick<Clocks, 'domain' | 'monotonic'>
  readonly random: Random
}

/** One call, in the form of the JSON protocol whatever protocol it came in. */
export interface SqsCall extends SqsParts {
  readonly input: SqsInput
  readonly caller: Principal
  readonly region: Region
  readonly signal: AbortSignal
  /** As the caller would write it: at the host that was called. */
  urlOf(name: QueueName): string
  /** Changes something together with the record of this call. */
  readonly commit: Commit
}

interface OperationFacts {
  readonly name: string
  /** The IAM action, for example `sqs:SendMessage`. */
  readonly action: string
  /** As records say it. */
  readonly readOnly: boolean
  readonly category: 'Management' | 'Data'
  /** Auditors may call it. */
  readonly onlyReads: boolean
  /** A queue's policy can allow it to other accounts. */
  readonly acrossAccounts: boolean
}

/** An operation under its wire name, and what it is about: the account's queues or one of them. */
export type SqsOperation = OperationFacts &
  (
    | { readonly about: 'account'; handle(call: SqsCall): Promise<SqsOutput> }
    | {
        readonly about: 'queue'
        /** By `QueueUrl` unless said otherwise. */
        readonly queueNameOf?: (call: Pick<SqsCall, 'input' | 'caller' | 'region'>) => QueueName
        handle(call: SqsCall, queue: Queue): Promise<SqsOutput>
      }
  )
