import { isUtf8 } from 'node:buffer'
import type { Admission, AdmissionContext, GivenId, Refusal } from './admission.ts'
import { assembleRecord } from './assemble.ts'
import type { Envelope } from './envelope.ts'
import { eventIdKey, idFromRecord, sha256, uuidBytes } from './event-id.ts'
import { parseEventTime, parseImportedTime } from './event-time.ts'
import { findOversize } from './field-caps.ts'
import { fillsFor } from './fills.ts'
import { streamId, type AccountId, type Region, type StreamId } from './identifiers.ts'
import { compactJson, JsonOutline } from './json-outline.ts'
import { checkLiveRecord, windowStart } from './live-checks.ts'
import { fieldIndex, fieldOrder, impliedCategory, recordKind, type RecordKind } from './record-fields.ts'
import { RecordMembers } from './record-members.ts'
import { findSecrets, watchedNames } from './redaction.ts'
import { readRouting } from './routing.ts'
import { applyEdits, type TextEdit } from './text-edits.ts'

/** Largest input taken at all: an event data store's "Large" events. Applies to imports as well. */
export const rawRecordBytesMax = 1024 * 1024
/** Largest new record once filled in and cut: CloudTrail's limit since event version 1.05. */
export const recordBytesMax = 256 * 1024
/** Clocks of producers may run ahead by this much. */
export const futureToleranceMs = 5 * 60_000
/** Ids of imported records need not be UUIDs, but they are index keys. */
const importedIdBytesMax = 1024

/** Scratch memory: `admit` never yields, so each thread needs one, and it is made when the first record comes. */
let scratch: RecordMembers | undefined

class RefusedError extends Error {
  readonly refusal: Refusal
  constructor(code: string, message: string) {
    super(message)
    this.refusal = { code, message }
  }
}
/** Without a stack, which nobody reads and which costs ten times the rest: a body of bad lines must not be a weapon. */
const refuse = (code: string, message: string): never => {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  const refused = new RefusedError(code, message)
  Error.stackTraceLimit = stackTraceLimit
  throw refused
}

/**
 * Turns what a source brings into one canonical record with its envelope, or says why not. Never throws for any input.
 *
 * In this order: grammar, compaction (white space between tokens), secrets out, and for every origin but `import` the field
 * checks, CloudTrail's caps and the missing fields; then CloudTrail's key order. Values keep their bytes. Records of an
 * `import` lose nothing but secrets and gain nothing: where they have no id, the envelope has one made from their hash.
 *
 * `giveId` is asked only for new records without an id, and must not call `admit`. The result shares no memory with `raw`.
 */
export function admit(raw: Uint8Array, context: AdmissionContext, giveId: () => GivenId): Admission {
  scratch ??= new RecordMembers(new JsonOutline(watchedNames))
  try {
    return admitInto(scratch, raw, context, giveId)
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    const eventId = knownId(scratch)
    return { ok: false, refusal: eventId === undefined ? error.refusal : { ...error.refusal, eventId } }
  }
}

function admitInto(
  members: RecordMembers,
  raw: Uint8Array,
  context: AdmissionContext,
  giveId: () => GivenId,
): Admission {
  members.entries.fill(-1)
  const isImport = context.origin === 'import'
  scanCompact(members, raw)
  rewrite(members, findSecrets(members))
  const managementEvent = members.boolean(fieldIndex.managementEvent)
  const category =
    members.string(fieldIndex.eventCategory) || impliedCategory(members.string(fieldIndex.eventType), managementEvent)
  const kind = recordKind(category)
  if (!isImport) {
    const refusal = checkLiveRecord(members, kind)
    if (refusal) refuse(refusal.code, refusal.message)
    rewrite(members, findOversize(members))
  }
  const eventTime = readTime(members, kind, context)
  const stream = readStream(members, kind, context)
  const broughtId = readId(members, kind, isImport)
  const broughtKey = broughtId === undefined ? undefined : uuidBytes(broughtId)
  // Lower case only, and no other text: readers of log files stop at an id that is no UUID.
  if (!isImport && broughtId !== undefined && !broughtKey)
    refuse('InvalidEventId', 'an event id is a UUID in lower case')
  const given = broughtId === undefined && !isImport ? giveId() : undefined
  const basis = {
    kind,
    category,
    account: context.account,
    region: context.region,
    now: context.now,
    givenId: given?.id,
  }
  const fills = isImport ? undefined : fillsFor(members, basis)
  const record = Buffer.from(assembleRecord(members, kind, fills), 'latin1')
  if (!isImport && record.length > recordBytesMax)
    refuse('EventTooLarge', `the record has ${record.length} bytes, more than ${recordBytesMax}`)
  const recordHash = sha256(record)
  const eventId = broughtId ?? given?.id ?? idFromRecord(recordHash)
  const filledReadOnly = fills && kind === 'api' ? readOnlyFill(members, fills) : undefined
  const envelope: Envelope = {
    version: 1,
    configVersion: context.configVersion,
    ...(context.changesConfig !== undefined && { changesConfig: context.changesConfig }),
    origin: context.origin,
    principal: context.principal,
    event: readRouting(members, {
      eventId,
      eventTime,
      category,
      readOnly: members.boolean(fieldIndex.readOnly) ?? filledReadOnly,
    }),
    ...(given?.fromKey && { idFromKey: true as const }),
    ...(broughtId !== undefined &&
      fills &&
      timeIsFilled(fills, kind) && { inputHash: inputHash(members, kind, fills) }),
  }
  const entry = {
    idKey: broughtKey ?? eventIdKey(eventId),
    recordHash,
    admittedAt: context.now,
    envelope: Buffer.from(JSON.stringify(envelope), 'utf8'),
    record,
  }
  return { ok: true, stream, entry }
}

function readOnlyFill(members: RecordMembers, fills: readonly (string | undefined)[]): boolean | undefined {
  if (members.has(fieldIndex.readOnly)) return undefined
  return fills.includes('"readOnly":true')
}

const timeIsFilled = (fills: readonly (string | undefined)[], kind: RecordKind): boolean =>
  fills[fieldOrder(kind)[fieldIndex.eventTime]!] !== undefined

/** Of the record but for the filled-in time. Secrets are out already: a hash of one could be guessed at. */
function inputHash(members: RecordMembers, kind: RecordKind, fills: readonly (string | undefined)[]): string {
  const timeless = fills.with(fieldOrder(kind)[fieldIndex.eventTime]!, undefined)
  return Buffer.from(sha256(Buffer.from(assembleRecord(members, kind, timeless), 'latin1'))).toString('base64')
}

function scanCompact(members: RecordMembers, raw: Uint8Array): void {
  if (raw.length > rawRecordBytesMax)
    refuse('EventTooLarge', `the input has ${raw.length} bytes, more than ${rawRecordBytesMax}`)
  if (!isUtf8(raw)) refuse('InvalidUtf8', 'the record is not valid UTF-8')
  const bytes = Buffer.isBuffer(raw) ? raw : Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  scan(members, bytes)
  if (members.outline.spaced) scan(members, compactJson(bytes))
  members.read()
}

function scan({ outline }: RecordMembers, bytes: Buffer): void {
  const fault = outline.scan(bytes)
  if (fault) refuse(fault.code, fault.message)
}

/** Applies edits and reads the record anew; they are rare. */
function rewrite(members: RecordMembers, edits: readonly TextEdit[]): void {
  if (edits.length === 0) return
  scan(members, Buffer.from(applyEdits(members.outline.text, edits), 'latin1'))
  members.read()
}

function readTime(members: RecordMembers, kind: RecordKind, { origin, now }: AdmissionContext): number {
  if (kind === 'aggregated' && !members.has(fieldIndex.eventTime))
    return notInFuture(
      windowStart(members) ?? refuse('InvalidEventTime', 'timeWindow.windowStart must be YYYY-MM-DDTHH:MM:SSZ'),
      now,
    )
  const text = members.string(fieldIndex.eventTime)
  if (text === undefined) {
    if (origin === 'import') refuse('MissingField', 'the record has no eventTime')
    // Exactly what the filled-in field says: whole seconds.
    return Math.floor(now / 1000) * 1000
  }
  const time = origin === 'import' ? parseImportedTime(text) : parseEventTime(text)
  return notInFuture(
    time ?? refuse('InvalidEventTime', 'eventTime must be a date of the form YYYY-MM-DDTHH:MM:SSZ'),
    now,
  )
}

function notInFuture(time: number, now: number): number {
  if (time > now + futureToleranceMs)
    refuse(
      'EventTimeInFuture',
      `eventTime is more than ${futureToleranceMs / 60_000} minutes ahead of the server's clock`,
    )
  return time
}

function readStream(members: RecordMembers, kind: RecordKind, context: AdmissionContext): StreamId {
  const account = textOr(
    members,
    kind === 'aggregated' ? fieldIndex.accountId : fieldIndex.recipientAccountId,
    context.account,
  )
  if (account !== context.account && context.origin !== 'import')
    refuse('ForeignAccount', `the record is for account ${quoted(account)}, the caller may write to ${context.account}`)
  if (!context.accounts.has(account)) refuse('UnknownAccount', `account ${quoted(account)} is not configured`)
  const region = textOr(members, fieldIndex.awsRegion, context.region)
  if (!context.regions.has(region)) refuse('UnknownRegion', `Region ${quoted(region)} is not configured`)
  return streamId(account as AccountId, region as Region)
}

/** A copy where the record brings its own text, so that a stream's name does not keep the whole record in memory. */
function textOr(members: RecordMembers, field: number, fallback: string): string {
  const text = members.string(field)
  return text === undefined || text === fallback ? fallback : Buffer.from(text, 'utf8').toString('utf8')
}

/** For messages: what the caller sent, bounded. */
const quoted = (text: string): string => JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}...` : text)

function readId(members: RecordMembers, kind: RecordKind, isImport: boolean): string | undefined {
  const id = members.string(kind === 'aggregated' ? fieldIndex.eventId : fieldIndex.eventID)
  if (!isImport) return id
  if (id !== undefined && Buffer.byteLength(id) > importedIdBytesMax)
    refuse('InvalidEventId', `the event id is longer than ${importedIdBytesMax} bytes`)
  return id || undefined
}

/** The id of a refused record, as far as it could be read. */
function knownId(members: RecordMembers): string | undefined {
  const id = members.string(fieldIndex.eventID) ?? members.string(fieldIndex.eventId)
  return id === undefined || id === '' || id.length > importedIdBytesMax ? undefined : id
}
