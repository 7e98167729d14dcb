import { admit, parseEnvelope, type AdmissionContext, type RoutingFields } from '@opentrail/core/event'
import { searchedEvent, type SearchTest } from '@opentrail/core/search'
import { findLogFiles, type FindOptions, type FoundFile } from '../log-files/find-log-files.ts'
import { createInOrder } from '../validation/in-order.ts'
import { SourceError } from '../validation/object-source.ts'
import type { Home } from './find-home.ts'
import { readRecords } from './read-records.ts'

export interface Match {
  readonly fields: RoutingFields
  /** As an import would keep it: secrets are out. */
  readonly record: Record<string, unknown>
}

export interface FilesSearched {
  /** By test: the newest that match, newest first. */
  readonly matches: readonly (readonly Match[])[]
  /** Files were left unread, as they can hold nothing newer. */
  readonly isCut: boolean
  readonly files: number
  readonly records: number
  readonly damages: readonly { readonly file: string; readonly message: string }[]
}

export interface SearchFilesOptions extends FindOptions {
  /** The first one decides when enough was found. */
  readonly tests: readonly SearchTest[]
  readonly home: Home
  readonly limit: number
  readonly onProgress?: (files: number, records: number) => void
}

/** As stored; others of the same size may be read at the same time. */
const fileBytesMax = 256 * 1024 * 1024
const filesAtOnceMax = 4
const damagesMax = 20
/** A file holds events of the time before its name says. Events that came later than this are rare, and an import finds them. */
const deliveryMsMax = 3 * 3_600_000
/** Admission asks whether a place exists; here every one does. */
const everywhere: ReadonlySet<string> = Object.assign(new Set<string>(), { has: () => true })

/**
 * The newest events that match, read from the files themselves, newest first. Ends as soon as no file that is left can hold a
 * newer one, so the first answer costs a few files, not the whole bucket. @throws {SourceError} the place cannot be listed.
 */
export async function searchFiles(options: SearchFilesOptions): Promise<FilesSearched> {
  const { store, tests, limit } = options
  const matches = tests.map(() => createNewest(limit))
  const damages: { file: string; message: string }[] = []
  const counts = { files: 0, records: 0 }
  const context = contextOf(options.home)
  let isCut = false

  async function search(file: FoundFile): Promise<void> {
    try {
      const body = await store.get(file.key, { bytesMax: fileBytesMax })
      for await (const raw of readRecords(body ?? new Uint8Array())) {
        counts.records++
        const admission = admit(raw, context, () => ({ id: '', fromKey: false }))
        if (!admission.ok) continue
        const { event: fields } = parseEnvelope(admission.entry)
        const event = searchedEvent(admission.entry.record, fields)
        for (const [place, test] of tests.entries())
          if (test(event)) matches[place]!.add(fields, admission.entry.record)
      }
    } catch (error) {
      if (!isDamage(error)) throw error
      if (damages.length < damagesMax)
        damages.push({ file: `${store.description}/${file.key}`, message: error.message })
    }
    counts.files++
    options.onProgress?.(counts.files, counts.records)
  }

  const reading = createInOrder<void>(filesAtOnceMax, () => {})
  for await (const { files } of findLogFiles(options)) {
    for (const file of files) {
      // Only the time in a name says that a file can be left out.
      isCut = file.named !== undefined && file.named.stamp + deliveryMsMax < (matches[0]?.oldest ?? -Infinity)
      if (isCut) break
      await reading.add(() => search(file))
    }
    if (isCut) break
  }
  await reading.end()
  return { matches: matches.map(({ found }) => found), isCut, damages, ...counts }
}

const contextOf = ({ account, region }: Home): AdmissionContext => ({
  origin: 'import',
  principal: '',
  configVersion: 0,
  account,
  region,
  accounts: everywhere,
  regions: everywhere,
  now: Number.MAX_SAFE_INTEGER,
})

/** Files that lie in a copy are damaged more often than those of a bucket. */
const isDamage = (error: unknown): error is Error =>
  error instanceof SourceError ||
  (error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_'))

/** The newest matches, each event once, whatever the order they come in. */
function createNewest(limit: number) {
  const found: Match[] = []
  const ids = new Set<string>()
  return {
    found,
    /** Event time of the last one that counts; before there are enough, every file may hold one. */
    get oldest(): number {
      return found.length < limit ? -Infinity : found.at(-1)!.fields.eventTime
    },
    add(fields: RoutingFields, record: Uint8Array): void {
      if (ids.has(fields.eventId) || (found.length === limit && fields.eventTime <= found.at(-1)!.fields.eventTime))
        return
      ids.add(fields.eventId)
      const match = { fields, record: JSON.parse(Buffer.from(record).toString()) as Record<string, unknown> }
      const place = found.findIndex((other) => other.fields.eventTime < fields.eventTime)
      found.splice(place < 0 ? found.length : place, 0, match)
      if (found.length > limit) ids.delete(found.pop()!.fields.eventId)
    },
  }
}
