import { BucketError, type BucketStore, type NewObject } from '../../packages/server/src/buckets/index.ts'
import type { DeliverySpool } from '../../packages/server/src/delivery/index.ts'
import { DiskFullError } from '../../packages/server/src/disk/index.ts'
import type { CalledTargets, Fault } from './faults.ts'
import { failure, type SimulatedBuckets } from './simulated-buckets.ts'

/** Waits for a turn, then carries the effect out under the fault that the call has, if it has one. */
export type Call = <T>(called: CalledTargets, effect: (fault?: Fault) => Promise<T>) => Promise<T>

export function openBucketPort(buckets: SimulatedBuckets, call: Call): BucketStore {
  const { port } = buckets

  async function put(object: NewObject, fault: Fault | undefined): Promise<{ readonly etag: string }> {
    if (!fault) return port.put(object)
    const isLate = fault.kind === 'late' || (fault.kind === 'kill' && fault.when === 'half')
    if (isLate) buckets.putLater(object)
    else if (fault.kind === 'fail' && fault.when === 'before') throw failure(fault.code ?? 'SlowDown')
    else await port.put(object)
    if (fault.kind === 'garbage') throw new BucketError('InvalidResponse', 'injected', { isOutcomeUnknown: true })
    throw failure('RequestTimeout')
  }

  /** A bucket that holds an object is not missing, and a missing one holds none. */
  const codeOf = (bucket: string, { code = 'RequestTimeout' }: Fault): string =>
    code === 'NoSuchBucket' && buckets.exists(bucket) ? 'InternalError' : code

  return {
    ...port,
    put: (object) => call(['buckets'], (fault) => put(object, fault)),
    get: (bucket, key, options) =>
      call(['buckets'], async (fault) => {
        if (fault && fault.kind !== 'garbage') throw failure(codeOf(bucket, fault))
        const found = await port.get(bucket, key, options)
        return fault ? { ...found, body: buckets.garble(found.body) } : found
      }),
  }
}

/** Files are durable once their write was acknowledged: the directory spool syncs them and renames them into place. */
export function openSpoolPort(files: Map<string, Uint8Array>, call: Call): DeliverySpool {
  const onSpool = <T>(effect: () => T): Promise<T> =>
    call(['spool'], async (fault) => {
      const error = fault?.kind === 'full' ? new DiskFullError('injected') : new Error('injected spool failure')
      if (fault && fault.when === 'before') throw error
      const result = effect()
      if (fault) throw error
      return result
    })
  return {
    bytes: () => [...files.values()].reduce((sum, { length }) => sum + length, 0),
    write: (name, body) => onSpool(() => void files.set(name, Uint8Array.from(body))),
    read: (name) => onSpool(() => files.get(name)),
    remove: (name) => onSpool(() => void files.delete(name)),
    keepOnly: (names) =>
      onSpool(() => {
        for (const name of files.keys()) if (!names.has(name)) files.delete(name)
      }),
  }
}
