import type { Connection } from './connection.ts'
import type { CliContext } from './context.ts'
import { callOperation } from './signed-request.ts'

/** LookupEvents on the wire. */
export interface LookupInput {
  readonly LookupAttributes?: readonly { readonly AttributeKey: string; readonly AttributeValue: string }[]
  /** Seconds since the epoch. */
  readonly StartTime?: number
  readonly EndTime?: number
}

export interface FoundEvent {
  readonly EventId?: string
  readonly EventName?: string
  readonly EventSource?: string
  /** Seconds since the epoch. */
  readonly EventTime: number
  readonly Username?: string
  readonly ReadOnly?: string
  readonly AccessKeyId?: string
  readonly Resources?: readonly { readonly ResourceType?: string; readonly ResourceName?: string }[]
  readonly CloudTrailEvent?: string
}

export interface LookupAnswer {
  readonly Events?: readonly FoundEvent[]
  readonly NextToken?: string
}

/** Pages may be empty while more follow; so many in a row mean a server that never ends. */
const emptyPagesMax = 100

/** Follows the pages until `itemsWanted` events are there. `more`: the server has further ones. */
export async function lookUp(
  context: CliContext,
  connection: Connection,
  input: LookupInput,
  { itemsWanted, pageSize }: { itemsWanted: number; pageSize: number },
): Promise<{ events: FoundEvent[]; more: boolean }> {
  const events: FoundEvent[] = []
  let token: string | undefined
  for (let emptyPages = 0; emptyPages < emptyPagesMax;) {
    const page: LookupAnswer = await callOperation<LookupAnswer>(connection, {
      operation: 'LookupEvents',
      // The page size stays the same on every page: a token belongs to its request.
      input: { ...input, MaxResults: pageSize, ...(token !== undefined && { NextToken: token }) },
      now: context.now(),
    })
    const found = page.Events ?? []
    events.push(...found)
    emptyPages = found.length === 0 ? emptyPages + 1 : 0
    token = page.NextToken
    if (token === undefined || events.length >= itemsWanted) break
  }
  return { events: events.slice(0, itemsWanted), more: token !== undefined || events.length > itemsWanted }
}
