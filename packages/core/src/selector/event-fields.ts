import { isRead, type EventDetails, type SelectableEvent } from './selectable-event.ts'

/** The value of a selector's field in an event; undefined where the event has none. */
export type FieldReader<Source> = (source: Source) => string | undefined

/** Fields that the envelope tells without the record. */
export const envelopeFields: ReadonlyMap<string, FieldReader<SelectableEvent>> = new Map<
  string,
  FieldReader<SelectableEvent>
>([
  ['eventCategory', ({ category }) => category],
  ['readOnly', (event) => (isRead(event) ? 'true' : 'false')],
  ['eventSource', ({ eventSource }) => eventSource],
  ['eventName', ({ eventName }) => eventName],
])

/** Fields that need the record. `resources.type` and `resources.ARN` have many values and are judged by resource. */
export const recordFields: ReadonlyMap<string, FieldReader<EventDetails>> = new Map<string, FieldReader<EventDetails>>([
  ['eventType', ({ eventType }) => eventType],
  ['userIdentity.arn', ({ userIdentityArn }) => userIdentityArn],
  ['vpcEndpointId', ({ vpcEndpointId }) => vpcEndpointId],
  ['errorCode', ({ errorCode }) => errorCode],
  ['sessionCredentialFromConsole', (details) => (details.sessionCredentialFromConsole ? 'true' : undefined)],
])
