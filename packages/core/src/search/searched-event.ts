import { isAscii } from 'node:buffer'
import { JsonOutline, NameTable, RecordMembers, type RoutingFields } from '../event/index.ts'

/** Any case of letters is one: small letters, and the final sigma as any other, so that parts fold as the whole does. */
export const foldCase = (text: string): string => text.toLowerCase().replaceAll('ς', 'σ')

/** An event under search. Nothing of the record is read before a condition needs it. */
export class SearchedEvent {
  readonly record: Uint8Array
  #fields: RoutingFields | (() => RoutingFields)
  #folded: string | undefined

  constructor(record: Uint8Array, fields: RoutingFields | (() => RoutingFields)) {
    this.record = record
    this.#fields = fields
  }

  get fields(): RoutingFields {
    if (typeof this.#fields === 'function') this.#fields = this.#fields()
    return this.#fields
  }

  /** The record's JSON text as it is written, case folded. */
  get foldedText(): string {
    return (this.#folded ??= foldedBytes(bufferOf(this.record)))
  }
}

/** The record must not change while the event is in use. `fields` may be a function where reading them costs something. */
export const searchedEvent = (record: Uint8Array, fields: RoutingFields | (() => RoutingFields)): SearchedEvent =>
  new SearchedEvent(record, fields)

export const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function foldedBytes(bytes: Buffer): string {
  return isAscii(bytes) ? bytes.toString('latin1').toLowerCase() : foldCase(bytes.toString('utf8'))
}

/** Scratch memory: evaluation never yields, so each thread needs one, and it is made when the first record comes. */
let scratch: RecordMembers | undefined
let scanned: SearchedEvent | undefined
let isSound = false

/**
 * Where everything in the record is; undefined if it is no JSON object that admission would take. Valid until another event is asked
 * for: take out what you need at once.
 */
export function membersOf(event: SearchedEvent): RecordMembers | undefined {
  scratch ??= new RecordMembers(new JsonOutline(new NameTable([])))
  if (scanned !== event) {
    isSound = scratch.outline.scan(bufferOf(event.record)) === undefined
    if (isSound) scratch.read()
    scanned = event
  }
  return isSound ? scratch : undefined
}
