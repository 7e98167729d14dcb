import { crc32 } from 'node:zlib'
import { DiskNotFoundError, type Disk, type DiskFile } from '../disk/index.ts'
import { createMutex } from '../process/index.ts'
import { BucketError } from './bucket-store.ts'
import type { IndexReader, ObjectIndex } from './object-index.ts'

type Change = readonly [key: string, value: string | null]

/**
 * An index on a simulated disk, so that a power cut hits it as it hits the files beside it: a log of transactions, each
 * one line with its checksum. Like LMDB it shows a transaction once it is durable, and a torn one never happened.
 */
export async function openSimulatedObjectIndex(disk: Disk, directory: string): Promise<ObjectIndex> {
  const file = await openLog(disk, directory)
  const log = (await file.read(0, await file.size())).toString('latin1')
  const entries = new Map<string, string>()
  const apply = (target: Map<string, string | null>, changes: readonly Change[]): void => {
    for (const [key, value] of changes) target.set(key, value)
  }
  let length = 0
  for (const line of log.split('\n').slice(0, -1)) {
    const changes = decode(line)
    if (!changes) break
    for (const [key, value] of changes)
      if (value === null) entries.delete(key)
      else entries.set(key, value)
    length += line.length + 1
  }
  await file.truncate(length)
  // What an earlier sync failed on counts as clean: only what is written again can become durable.
  await file.write(0, [Buffer.from(log.slice(0, length), 'latin1')])
  const alone = createMutex()
  let failed: unknown

  const readerOf = (lookUp: (key: string) => string | null | undefined, keys: () => Iterable<string>): IndexReader => ({
    get(key) {
      const value = lookUp(key.toString('hex'))
      return value === undefined || value === null ? undefined : Buffer.from(value, 'hex')
    },
    range(prefix, after, limit) {
      const [first, behind] = [prefix.toString('hex'), after?.toString('hex') ?? '']
      const found = [...keys()].filter((key) => key.startsWith(first) && key > behind && lookUp(key) != null)
      return found
        .sort()
        .slice(0, limit)
        .map((key) => ({ key: Buffer.from(key, 'hex'), value: Buffer.from(lookUp(key)!, 'hex') }))
    },
  })

  async function commit(changes: readonly Change[]): Promise<void> {
    if (failed) throw failed
    const line = Buffer.from(encode(changes), 'latin1')
    try {
      await file.write(length, [line])
      await file.datasync()
    } catch (cause) {
      failed = new BucketError('InternalError', 'the simulated index failed', { cause, isOutcomeUnknown: true })
      throw failed
    }
    length += line.length
    for (const [key, value] of changes)
      if (value === null) entries.delete(key)
      else entries.set(key, value)
  }

  return {
    ...readerOf(
      (key) => entries.get(key),
      () => entries.keys(),
    ),
    transact: (change) =>
      alone(async () => {
        const changed = new Map<string, string | null>()
        const lookUp = (key: string) => (changed.has(key) ? changed.get(key) : entries.get(key))
        const result = change({
          ...readerOf(lookUp, () => new Set([...entries.keys(), ...changed.keys()])),
          put: (key, value) => apply(changed, [[key.toString('hex'), value.toString('hex')]]),
          remove: (key) => apply(changed, [[key.toString('hex'), null]]),
        })
        await commit([...changed])
        return result
      }),
    close: () => file.close(),
  }
}

async function openLog(disk: Disk, directory: string): Promise<DiskFile> {
  try {
    return await disk.open(`${directory}/log`, 'write')
  } catch (error) {
    if (!(error instanceof DiskNotFoundError)) throw error
    return disk.open(`${directory}/log`, 'create')
  }
}

const encode = (changes: readonly Change[]): string => {
  const json = JSON.stringify(changes)
  return `${crc32(json)} ${json}\n`
}

function decode(line: string): Change[] | undefined {
  const [checksum, json] = line.split(' ')
  return json !== undefined && String(crc32(json)) === checksum ? (JSON.parse(json) as Change[]) : undefined
}
