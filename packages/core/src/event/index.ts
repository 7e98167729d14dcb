export {
  isAccountId,
  isRegionName,
  streamId,
  streamParts,
  type AccountId,
  type Region,
  type Sequence,
  type StreamId,
} from './identifiers.ts'
export {
  contentKey,
  createVersionStamp,
  parseEnvelope,
  type Envelope,
  type EventResource,
  type NewEntry,
  type Origin,
  type RoutingFields,
  type StoredEntry,
} from './envelope.ts'
export { decodeEntry, encodedLength, encodeEntry, entryEnd, entryFields, entryHeaderBytes } from './entry-codec.ts'
export { type Admission, type AdmissionContext, type GivenId, type Refusal } from './admission.ts'
export { admit, futureToleranceMs, rawRecordBytesMax, recordBytesMax } from './admit.ts'
export { splitRecords, splitterStart, type Split, type SplitRefusal, type SplitterState } from './record-splitter.ts'
export { eventIdKey, isEventUuid } from './event-id.ts'
export { formatEventTime, parseEventTime } from './event-time.ts'
export { looksReadOnly } from './fills.ts'
export { compactJson, JsonOutline, jsonDepthMax, type JsonFault } from './json-outline.ts'
export { NameTable } from './name-table.ts'
export { fieldIndex } from './record-fields.ts'
export { childOf, childString, RecordMembers } from './record-members.ts'
export {
  hiddenValue,
  secretForms,
  secretNames,
  secretParameters,
  type SecretForm,
  type SecretNames,
  type SecretParameter,
} from './redaction-list.ts'
export { resourceRules, type ResourceRule } from './resource-rules.ts'
export { eventResourcesMax, lookupValue, lookupValueCharsMax } from './resources.ts'
