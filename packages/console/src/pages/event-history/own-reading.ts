import { formatSearch, parseSearch, type SearchExpression } from '@opentrail/core/search'

/** Events that come from looking at events, by this console and by whoever asks `/api/v1`. Each look would be followed by its own traces. */
export const readingEventNames = [
  'SearchEvents',
  'GetEventHistogram',
  'GetEventValues',
  'GetEvent',
  'GetSession',
  'FollowEvents',
  'AskEvents',
  'GetResourceTimeline',
  'GetIdentityTimeline',
  'ListLogFiles',
  'ListDigests',
  'DryRunEventSelectors',
  'GetDemoRecords',
  'GetVerification',
] as const

const reading: SearchExpression = {
  kind: 'not',
  of: { kind: 'attribute', attribute: 'eventName', values: readingEventNames },
}

/** The search without them. The index knows names, so it costs nothing. @throws {SearchSyntaxError} */
export function withoutReading(where: string): string {
  const expression = parseSearch(where)
  return formatSearch(expression ? { kind: 'and', of: [expression, reading] } : reading)
}
