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
  parseEnvelope,
  type Envelope,
  type EventResource,
  type NewEntry,
  type Origin,
  type RoutingFields,
  type StoredEntry,
} from './envelope.ts'
export { decodeEntry, encodedLength, encodeEntry, entryHeaderBytes } from './entry-codec.ts'
export { type Admission, type AdmissionContext, type GivenId, type Refusal } from './admission.ts'
