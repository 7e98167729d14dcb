import type { Region } from '@opentrail/core/event'
import type { Clocks } from '../clock/index.ts'
import type { Principal, Role } from '../accounts/index.ts'
import type { HistoryReader } from '../history/index.ts'

/** What a handler is given beside its input. Grows with the service; handlers take what they need by name. */
export interface OperationContext {
  readonly caller: Principal
  /** From the signature's scope. */
  readonly region: Region
  readonly clocks: Clocks
  readonly history: HistoryReader
}

/** One API operation under its wire name. `handle` gets the parsed JSON object and returns the answer's members. */
export interface Operation {
  readonly name: string
  /** The IAM action, for example `cloudtrail:LookupEvents`. */
  readonly action: string
  readonly readOnly: boolean
  readonly roles: readonly Role[]
  handle(input: Readonly<Record<string, unknown>>, context: OperationContext): Promise<Record<string, unknown>>
}
