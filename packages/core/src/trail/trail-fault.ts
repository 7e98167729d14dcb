/** What is wrong with a request about trails; each kind is one exception of the API. */
export type TrailFaultKind =
  | 'invalid-name'
  | 'invalid-arn'
  | 'invalid-combination'
  | 'invalid-bucket-name'
  | 'invalid-key-prefix'
  | 'invalid-topic-name'
  | 'unusable-topic'
  | 'invalid-key-id'
  | 'unknown-key'
  | 'invalid-log-role'
  | 'invalid-log-group'
  | 'no-organization'
  | 'name-taken'
  | 'too-many-trails'
  | 'conversion-not-permitted'
  | 'invalid-tag'
  | 'too-many-tags'
  | 'invalid-store-arn'
  | 'unknown-store'
  | 'invalid-channel-arn'
  | 'unknown-channel'
  | 'unknown-resource'
  | 'untaggable-resource'

/** A refusal that the caller can act on. `message` goes over the wire; it repeats nothing of the request that has no bound. */
export interface TrailFault {
  readonly ok: false
  readonly kind: TrailFaultKind
  readonly message: string
}

export const trailFault = (kind: TrailFaultKind, message: string): TrailFault => ({ ok: false, kind, message })
