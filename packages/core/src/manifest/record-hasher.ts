import { hash } from 'node:crypto'
import { rawRecordBytesMax, splitRecords, splitterStart, type SplitterState } from '../event/index.ts'
import { hashBytes } from '../merkle/index.ts'

export interface RecordHasherOptions {
  /** Records that are hashed; more are a fault. By default as many as a file may have ten times. */
  readonly recordsMax?: number
  /** Told of each record's bytes, which are good until it returns: to judge them. */
  readonly onRecord?: (record: Uint8Array) => void
}

/** The records of a log file, or why it is none. */
export type HashedRecords =
  | { readonly ok: true; readonly hashes: Uint8Array; readonly count: number }
  | { readonly ok: false; readonly message: string }

export interface RecordHasher {
  /** The next uncompressed bytes of the file. They may end anywhere, and are the caller's again when it returns. */
  add(chunk: Uint8Array): void
  /** The SHA-256 of each record's bytes, 32 bytes each, one after the other, in the file's order. */
  end(): HashedRecords
}

/** CloudTrail's log files have up to 50,000 events. */
const defaultRecordsMax = 500_000
/** White space in front of the list, generously. */
const headBytesMax = 4096
const firstRecords = 1024

const head = /^[ \n\r\t]*\{[ \n\r\t]*"Records"[ \n\r\t]*:[ \n\r\t]*\[/
const tail = /^[ \n\r\t]*\}[ \n\r\t]*$/

/**
 * Hashes the elements of `{"Records":[...]}` as a log file streams by, white space around them left out; nothing else may
 * stand in the file. Finds them by brackets and quotes alone: that an element is JSON shows in its hash, which is that of a
 * record that was admitted. Untrusted: holds one record of at most 1 MiB and 32 bytes for each, and never throws.
 */
export function createRecordHasher({
  recordsMax = defaultRecordsMax,
  onRecord,
}: RecordHasherOptions = {}): RecordHasher {
  let hashes = new Uint8Array(firstRecords * hashBytes)
  let count = 0
  let message: string | undefined
  /** Undefined: the list has not begun; `begun` is what there is of the file. */
  let state: SplitterState | undefined
  let begun: Uint8Array = new Uint8Array()

  function keep(record: Uint8Array): void {
    if (count * hashBytes === hashes.length) {
      const larger = new Uint8Array(2 * hashes.length)
      larger.set(hashes)
      hashes = larger
    }
    hashes.set(hash('sha256', record, 'buffer'), count * hashBytes)
    count += 1
    onRecord?.(record)
  }

  function split(from: SplitterState, chunk: Uint8Array): void {
    // Never the last chunk for the splitter: it is lenient about what follows the list.
    const { records, refusals, state: next } = splitRecords(from, chunk, false)
    state = next
    if (refusals.length > 0)
      message =
        refusals[0]!.code === 'EventTooLarge'
          ? `a record has more than ${rawRecordBytesMax} bytes`
          : 'the list of records is not well-formed'
    else if (count + records.length > recordsMax) message = `more than ${recordsMax} records`
    else for (const record of records) keep(record)
  }

  return {
    add(chunk) {
      if (message !== undefined || chunk.length === 0) return
      if (state) return split(state, chunk)
      const bytes = begun.length === 0 ? chunk : Buffer.concat([begun, chunk])
      const start = head.exec(Buffer.from(bytes.subarray(0, headBytesMax)).toString('latin1'))?.[0].length
      if (start !== undefined) split({ ...splitterStart, mode: 'array' }, bytes.subarray(start))
      else if (bytes.length >= headBytesMax) message = 'the file does not begin with a list of records'
      else begun = Uint8Array.from(bytes)
    },
    end() {
      if (message === undefined && state?.mode !== 'tail') message = 'the list of records does not end'
      else if (message === undefined && !tail.test(Buffer.concat(state!.held).toString('latin1')))
        message = 'something follows the list of records'
      return message === undefined
        ? { ok: true, hashes: hashes.slice(0, count * hashBytes), count }
        : { ok: false, message }
    },
  }
}
