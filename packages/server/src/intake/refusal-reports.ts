import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { uuid, type Random } from '../clock/index.ts'
import type { RecordRefusal } from './admit-chunk.ts'

/** The list of refusals of one request, one JSON object a line, bounded. */
export interface RefusalReport {
  readonly id: string
  add(refusal: RecordRefusal): Promise<void>
  close(): Promise<void>
}

export interface RefusalReports {
  open(): Promise<RefusalReport>
  /** The report as a stream of NDJSON; undefined where there is none (any more). */
  read(id: string): Promise<NodeJS.ReadableStream | undefined>
}

/** Lines of one report; the last line then says how many more there were. */
const linesMax = 100_000
/** Reports kept, newest first: they are an answer's continuation, not an archive. */
const reportsMax = 100
const bufferBytes = 256 * 1024

/** Reports as files in `directory`, which is theirs alone. Not durable on purpose: the refusals were answered already. */
export function createRefusalReports(directory: string, random: Random): RefusalReports {
  return {
    async open() {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      await removeOldest(directory)
      const id = uuid(random)
      const file = await open(fileOf(directory, id), 'wx', 0o600)
      let lines = 0
      let buffer = ''
      const flush = async () => {
        const text = buffer
        buffer = ''
        await file.write(text)
      }
      return {
        id,
        async add(refusal) {
          if (lines++ >= linesMax) return
          buffer += `${JSON.stringify(refusal)}\n`
          if (buffer.length > bufferBytes) await flush()
        },
        async close() {
          if (lines > linesMax) buffer += `${JSON.stringify({ more: lines - linesMax })}\n`
          await flush()
          await file.close()
        },
      }
    },
    async read(id) {
      // The id becomes part of a path: only our own form is looked at.
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return undefined
      const path = fileOf(directory, id)
      const found = await stat(path).catch(() => undefined)
      return found?.isFile() ? createReadStream(path) : undefined
    },
  }
}

const fileOf = (directory: string, id: string) => join(directory, `${id}.ndjson`)

async function removeOldest(directory: string): Promise<void> {
  const names = await readdir(directory)
  if (names.length < reportsMax) return
  const dated = await Promise.all(
    names.map(async (name) => ({ name, time: (await stat(join(directory, name))).mtimeMs })),
  )
  const oldest = dated.sort((a, b) => a.time - b.time).slice(0, names.length - reportsMax + 1)
  for (const { name } of oldest) await rm(join(directory, name), { force: true })
}
