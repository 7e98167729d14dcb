import type { Sequence, StreamId } from './identifiers.ts'

/**
 * Who brought a record in. `self`: OpenTrail about its own calls. `gateway`: the recording proxy. `producer`: POST /events.
 * `import`: old logs, which go to history and lake only. `derived`: made from other events; never triggers derived events.
 */
export type Origin = 'self' | 'gateway' | 'producer' | 'import' | 'derived'

/** One entry of the record's `resources`, or one derived from its parameters, as LookupEvents shows it. */
export interface EventResource {
  readonly type?: string
  readonly name: string
}

/** What routing and history need of a record, read once at admission so that nobody has to parse the record again. */
export interface RoutingFields {
  /** The record's eventID exactly as it stands in the record. */
  readonly eventId: string
  /** Milliseconds since the epoch (whole seconds: records carry no fractions). */
  readonly eventTime: number
  readonly eventSource: string
  readonly eventName: string
  /** `Management`, `Data`, `NetworkActivity`, `Insight`, ...; derived from `managementEvent` where an old record has none. */
  readonly category: string
  /** Absent where the record has none and its kind has none (network activity, Insights). */
  readonly readOnly?: boolean
  /** As LookupEvents shows it: the user name, `root`, or a role session's name. */
  readonly username?: string
  readonly accessKeyId?: string
  readonly resources: readonly EventResource[]
}

/** Envelope, version 1: what OpenTrail knows about a record beside its bytes. Stored with it and never changed. */
export interface Envelope {
  readonly version: 1
  /**
   * Version of the configuration in force when the entry was appended; selectors are judged by it. Never falls within a
   * stream, so that a change takes effect at one place of each.
   */
  readonly configVersion: number
  /**
   * The version that the recorded call itself began. Such an event is judged by that version and the one before it: a
   * StopLogging is in the log that it ends, a StartLogging in the one it begins.
   */
  readonly changesConfig?: number
  readonly origin: Origin
  /** ARN of the principal that brought the record. */
  readonly principal: string
  readonly event: RoutingFields
  /** The id was made by us from an Idempotency-Key, so the same id alone proves the same input. */
  readonly idFromKey?: true
  /**
   * SHA-256 (base64) of the record without the time that was filled in; only where it brought an id but no time, so that a
   * retry, which is filled in later, is known as the same. The last member: `contentKey` reads it from the end.
   */
  readonly inputHash?: string
}

/** An admitted record on its way into the journal: everything but the place that only the stream's writer can give it. */
export interface NewEntry {
  /** 16 bytes that stand for the event id: the UUID's own bytes, or the head of SHA-256 of any other id. */
  readonly idKey: Uint8Array
  /** SHA-256 of `record`, 32 bytes. */
  readonly recordHash: Uint8Array
  /** When it was admitted, domain time, milliseconds since the epoch. */
  readonly admittedAt: number
  /** The envelope as UTF-8 JSON. */
  readonly envelope: Uint8Array
  /** The record's bytes: canonical key order, secrets redacted; never re-serialised from here on. */
  readonly record: Uint8Array
}

export interface StoredEntry extends NewEntry {
  readonly stream: StreamId
  readonly sequence: Sequence
}

const inputHashMark = Buffer.from('"inputHash":"')
/** 32 bytes in base64. */
const inputHashCharacters = 44

/** Whether two entries of one id hold the same is judged by this: what the producer sent, secrets aside. 32 bytes. */
export function contentKey({ envelope, recordHash }: NewEntry): Uint8Array {
  // Not parsed, because this is asked for every entry. No text of a record can look like this: quotes in it are escaped.
  const bytes = Buffer.from(envelope.buffer, envelope.byteOffset, envelope.byteLength)
  const start = bytes.length - '"}'.length - inputHashCharacters
  const markStart = start - inputHashMark.length
  if (markStart < 0 || bytes.compare(inputHashMark, 0, inputHashMark.length, markStart, start) !== 0) return recordHash
  return Buffer.from(bytes.toString('latin1', start, start + inputHashCharacters), 'base64')
}

/** One for all: making a decoder costs more than the decoding. */
const decoder = new TextDecoder()

export const parseEnvelope = (entry: NewEntry): Envelope => JSON.parse(decoder.decode(entry.envelope)) as Envelope

/** Stamps entries with a configuration version. Made once per version: what is stamped already is only compared. */
export function createVersionStamp(version: number): (entry: NewEntry) => NewEntry {
  const head = Buffer.from(`{"version":1,"configVersion":${version},`)
  return (entry) => {
    const { envelope } = entry
    const bytes = Buffer.from(envelope.buffer, envelope.byteOffset, envelope.byteLength)
    if (bytes.compare(head, 0, head.length, 0, Math.min(head.length, bytes.length)) === 0) return entry
    const stamped = JSON.stringify({ ...parseEnvelope(entry), configVersion: version })
    return { ...entry, envelope: Buffer.from(stamped, 'utf8') }
  }
}
