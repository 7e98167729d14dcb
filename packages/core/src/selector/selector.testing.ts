import assert from 'node:assert/strict'
import type { RoutingFields } from '../event/index.ts'
import {
  compileSelectors,
  explainSelectors,
  readSelectors,
  selectableEvent,
  type SelectableEvent,
  type TrailSelectors,
} from './index.ts'

export interface TestEvent {
  readonly category?: string
  readonly readOnly?: boolean | undefined
  readonly eventSource?: string
  readonly eventName?: string
  /** The record as far as selectors look at it. */
  readonly record?: Readonly<Record<string, unknown>>
}

/** A management write of EC2 unless told otherwise; `readOnly: undefined` leaves it out. */
export function eventOf(given: TestEvent = {}): SelectableEvent {
  return selectableEvent(routingOf(given), Buffer.from(JSON.stringify(given.record ?? {})))
}

export function routingOf(given: TestEvent): RoutingFields {
  const readOnly = 'readOnly' in given ? given.readOnly : false
  return {
    eventId: '7f2f3b52-93d5-4a39-8b5c-5f6b1d0c4e21',
    eventTime: Date.UTC(2026, 2, 4, 12),
    eventSource: given.eventSource ?? 'ec2.amazonaws.com',
    eventName: given.eventName ?? 'RunInstances',
    category: given.category ?? 'Management',
    ...(readOnly !== undefined && { readOnly }),
    resources: [],
  }
}

export const dataEvent = (resources: readonly unknown[], given: TestEvent = {}): SelectableEvent =>
  eventOf({ category: 'Data', ...given, record: { ...given.record, resources } })

/** An event about an S3 object as CloudTrail records it: the object, then its bucket. */
export const objectEvent = (bucketAndKey: string, given: TestEvent = {}): SelectableEvent =>
  dataEvent(
    [
      { type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${bucketAndKey}` },
      { accountId: '210000000001', type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucketAndKey.split('/')[0]}` },
    ],
    { eventSource: 's3.amazonaws.com', eventName: 'PutObject', ...given },
  )

export function accepted(input: Parameters<typeof readSelectors>[0]): TrailSelectors {
  const outcome = readSelectors(input)
  assert.ok(outcome.ok, JSON.stringify(outcome))
  return outcome.selectors
}
export const basic = (...eventSelectors: readonly unknown[]): TrailSelectors => accepted({ eventSelectors })
export const advanced = (...selectors: readonly unknown[]): TrailSelectors =>
  accepted({ advancedEventSelectors: selectors })

/** An advanced selector in short: field by field its operators. */
export const selecting = (fields: Readonly<Record<string, object>>, name?: string): object => ({
  ...(name !== undefined && { Name: name }),
  FieldSelectors: Object.entries(fields).map(([Field, operators]) => ({ Field, ...operators })),
})

/** Whether the selectors take the event; both ways to ask must agree. */
export function takes(selectors: TrailSelectors, event: SelectableEvent): boolean {
  const taken = compileSelectors(selectors)(event)
  const explanation = explainSelectors(selectors, event)
  assert.equal(explanation.selected, taken, explanation.text)
  return taken
}

/** An event that fails the test when its record is asked for. */
export const sealed = (event: SelectableEvent): SelectableEvent => ({
  category: event.category,
  readOnly: event.readOnly,
  eventSource: event.eventSource,
  eventName: event.eventName,
  details: () => assert.fail('the record was asked for'),
})
