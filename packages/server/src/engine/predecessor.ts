import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long a killed predecessor may take to vanish. */
const vanishMs = 5_000
const vanishPollMs = 20

interface HostRecord {
  readonly pid: number
  /** When the process began (clock ticks since boot): a process id alone may since belong to something else. */
  readonly began: string
}

const recordPath = (directory: string): string => join(directory, 'host.json')

/** `undefined` where there is no such process, or no /proc (macOS: there the engine's lock alone decides). */
function beganAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

/** Called by the host before it opens the store. */
export function writeHostRecord(directory: string): void {
  const began = beganAt(process.pid)
  if (began !== undefined)
    writeFileSync(recordPath(directory), JSON.stringify({ pid: process.pid, began } satisfies HostRecord), {
      mode: 0o600,
    })
}

function readHostRecord(directory: string): HostRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(recordPath(directory), 'utf8')) as Partial<HostRecord>
    return Number.isSafeInteger(record.pid) && typeof record.began === 'string' ? (record as HostRecord) : undefined
  } catch {
    return undefined
  }
}

/**
 * Ends a host that outlived its parent (stuck in native code, for instance) and still holds the store's lock. The
 * caller owns the data directory, so whoever else has the store open is left over. Resolves to its process id.
 */
export async function endPredecessor(directory: string): Promise<number | undefined> {
  const record = readHostRecord(directory)
  if (!record || record.pid === process.pid || beganAt(record.pid) !== record.began) return undefined
  try {
    process.kill(record.pid, 'SIGKILL')
  } catch {
    return undefined
  }
  for (let waited = 0; waited < vanishMs && beganAt(record.pid) === record.began; waited += vanishPollMs)
    await sleep(vanishPollMs)
  return record.pid
}
