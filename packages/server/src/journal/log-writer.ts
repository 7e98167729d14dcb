import { DiskFullError, type Disk, type DiskFile } from '../disk/index.ts'
import { JournalFullError, JournalUnavailableError } from './journal.ts'
import { encodeLogHeader } from './log-format.ts'
import { createLogSegment, type LogSegment, type SegmentReading } from './segment.ts'
import { segmentName } from './segment-names.ts'
import type { StreamTable } from './stream-table.ts'

/** Appends refused between two attempts to recover from a failed disk; doubled from one at each failure. */
const refusalsMax = 64

/**
 * The one writer of the newest log. Calls do not overlap. After any failure nothing is written before the file has been cut back
 * to what is durable: a later frame behind a torn one would look like damage to acknowledged data.
 */
export interface LogWriter {
  readonly log: LogSegment
  /** Where the next frame goes; all before it is durable. */
  readonly offset: number
  /** False after a failure that `ready` has not recovered from yet. */
  readonly isReady: boolean
  /** Recovers from an earlier failure. @throws {JournalUnavailableError | JournalFullError} it could not yet. */
  ready(): Promise<void>
  /**
   * Writes and syncs.
   * @throws {JournalFullError} nothing of `parts` was stored, nor will it be.
   * @throws {JournalUnavailableError} nothing of `parts` will ever be read, unless the process dies before it recovers.
   */
  commit(parts: readonly Uint8Array[]): Promise<void>
  /** Goes on in a new log. @throws as `ready`; the next `ready` tries again. */
  rotate(): Promise<void>
  close(): Promise<void>
}

export interface LogWriterOptions {
  readonly disk: Disk
  readonly reading: SegmentReading
  readonly epoch: number
  readonly streams: StreamTable
  /** The log to go on with; undefined: a new journal. */
  readonly active: LogSegment | undefined
  readonly onRotated: (log: LogSegment) => void
}

export async function createLogWriter(options: LogWriterOptions): Promise<LogWriter> {
  const { disk, reading, epoch, streams } = options
  let { file, log } = options.active
    ? { log: options.active, file: await disk.open(options.active.path, 'write') }
    : await createLog(1, null)
  let offset = log.bytes
  let broken: Error | undefined
  let refusalsLeft = 0
  let refusals = 0

  async function createLog(number: number, previous: { number: number; end: number } | null) {
    const path = `${reading.directory}/${segmentName(number, 'log')}`
    // What an earlier attempt left behind was never written to.
    await disk.unlink(path)
    const made = await disk.open(path, 'create')
    try {
      const header = encodeLogHeader({ number, epoch, previous, streams })
      await made.write(0, [header])
      await made.datasync()
      await disk.syncDirectory(reading.directory)
      return { file: made, log: createLogSegment(reading, number, new Map(streams), header.length) }
    } catch (error) {
      // Best effort: an empty log that stays is what the next attempt, or the next opening, starts from.
      await made.close().catch(() => undefined)
      await disk.unlink(path).catch(() => undefined)
      throw error
    }
  }

  async function change(): Promise<void> {
    const next = await createLog(log.number + 1, { number: log.number, end: offset })
    // Closing can only fail for a file whose content is durable already.
    await file.close().catch(() => undefined)
    ;({ file, log } = next)
    offset = log.bytes
    broken = undefined
    options.onRotated(log)
  }

  async function rotate(): Promise<void> {
    try {
      await change()
    } catch (error) {
      // The attempt may have left a log that says where this one ends: nothing may be added behind that.
      broken = error as Error
      throw refusal(error, 'cannot start a new journal segment')
    }
  }

  async function cutBack(file: DiskFile): Promise<void> {
    await file.truncate(offset)
    await file.datasync()
  }

  async function commit(parts: readonly Uint8Array[]): Promise<void> {
    const { path } = log
    let written = false
    try {
      await file.write(offset, parts)
      written = true
      await file.datasync()
    } catch (error) {
      broken = error as Error
      try {
        await cutBack(file)
        // Full before anything was synced: cut back, the file is as it was. After a failed sync no file is trusted again.
        if (!written && error instanceof DiskFullError) broken = undefined
        else await change()
      } catch (again) {
        broken = again as Error
        // Also of a full disk: whole frames may be in the file, and an opening after the process died would take them.
        throw new JournalUnavailableError(`cannot write ${path}: ${String(error)}; nor recover: ${String(again)}`, {
          cause: error,
        })
      }
      throw refusal(error, `cannot write ${path}`)
    }
    for (const part of parts) offset += part.length
    log.bytes = offset
  }

  async function ready(): Promise<void> {
    if (!broken) return
    if (refusalsLeft > 0) {
      refusalsLeft -= 1
      throw refusal(broken, 'the journal has not recovered yet')
    }
    try {
      await cutBack(file)
      await change()
      refusals = 0
    } catch (error) {
      broken = error as Error
      // A full disk is asked each time: it costs little, and space may be freed at any moment.
      refusals = error instanceof DiskFullError ? 0 : Math.min(refusalsMax, Math.max(1, refusals * 2))
      refusalsLeft = refusals
      throw refusal(error, 'the journal cannot recover')
    }
  }

  return {
    get log() {
      return log
    },
    get offset() {
      return offset
    },
    get isReady() {
      return !broken
    },
    ready,
    commit,
    rotate,
    close: () => file.close(),
  }
}

const refusal = (cause: unknown, message: string): Error =>
  cause instanceof DiskFullError
    ? new JournalFullError(`${message}: the disk is full`, { cause })
    : new JournalUnavailableError(`${message}: ${String(cause)}`, { cause })
