import type { Readable } from 'node:stream'
import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { AccountId } from '@opentrail/core/event'
import { uuid, type Random } from '../clock/index.ts'
import type { RecordRefusal } from './admit-chunk.ts'

/** The list of refusals of one request, one JSON object a line, bounded. Calls are made one after the other. */
export interface RefusalReport {
  readonly id: string
  add(refusal: RecordRefusal): Promise<void>
  /** Refusals that are counted but not told one by one. */
  addUntold(count: number): void
  close(): Promise<void>
}

export interface RefusalReports {
  open(account: AccountId): Promise<RefusalReport>
  /** The account's report as a stream of NDJSON; undefined where it has none of this id (any more). */
  read(account: AccountId, id: string): Promise<Readable | undefined>
}

/** Lines of one report; the last line then says how many more there were. */
const linesMax = 100_000
/** Reports kept, newest first: they are an answer's continuation, not an archive. */
const reportsMax = 100
const bufferBytes = 256 * 1024

/** Reports as files in `directory`, which is theirs alone. Not durable on purpose: the refusals were answered already. */
export function createRefusalReports(directory: string, random: Random): RefusalReports {
  return {
    async open(account) {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      await removeOldest(directory)
      const id = uuid(random)
      return createReport(id, await open(fileOf(directory, account, id), 'wx', 0o600))
    },
    async read(account, id) {
      // The id becomes part of a path: only our own form is looked at.
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return undefined
      // Opened here, so that a report that is removed meanwhile is one that is not there, not a broken stream.
      const file = await open(fileOf(directory, account, id), 'r').catch(() => undefined)
      return file?.createReadStream()
    },
  }
}

function createReport(id: string, file: FileHandle): RefusalReport {
  let lines = 0
  let untold = 0
  let buffer = ''
  const flush = async () => {
    const text = buffer
    buffer = ''
    await file.appendFile(text)
  }
  return {
    id,
    async add(refusal) {
      if (lines >= linesMax) {
        untold++
        return
      }
      lines++
      buffer += `${JSON.stringify(refusal)}\n`
      if (buffer.length > bufferBytes) await flush()
    },
    addUntold(count) {
      untold += count
    },
    async close() {
      try {
        if (untold > 0) buffer += `${JSON.stringify({ more: untold })}\n`
        await flush()
      } finally {
        await file.close()
      }
    },
  }
}

/** The account is part of the name: an id is found by nobody else, whoever has learned it. */
const fileOf = (directory: string, account: AccountId, id: string) => join(directory, `${account}.${id}.ndjson`)

async function removeOldest(directory: string): Promise<void> {
  const names = await readdir(directory)
  if (names.length < reportsMax) return
  // Another request may be removing the same ones.
  const age = (name: string) =>
    stat(join(directory, name)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    )
  const dated = await Promise.all(names.map(async (name) => ({ name, time: await age(name) })))
  const oldest = dated.sort((a, b) => a.time - b.time).slice(0, names.length - reportsMax + 1)
  for (const { name } of oldest) await rm(join(directory, name), { force: true })
}
