import {
  ControlUnavailableError,
  createMemoryControlStore,
  type ControlStore,
  type FaultPoint,
} from '../../packages/server/src/control/index.ts'
import {
  createSimulatedDisk,
  DiskFullError,
  type Disk,
  type DiskFault,
  type DiskFile,
} from '../../packages/server/src/disk/index.ts'
import {
  createMemoryPostingsStore,
  PostingsUnavailableError,
  type PostingsFault,
  type PostingsStore,
} from '../../packages/server/src/history/index.ts'
import type { BucketStore } from '../../packages/server/src/buckets/index.ts'
import type { DeliverySpool } from '../../packages/server/src/delivery/index.ts'
import { openBucketPort, openSpoolPort } from './delivery-ports.ts'
import type { CalledTargets, Fault, Faults } from './faults.ts'
import { createSimulatedBuckets, type SimulatedBuckets } from './simulated-buckets.ts'
import { trace } from './trace.ts'
import type { Process } from './turns.ts'

/** What outlives processes: the simulated adapters, and the fault each shall have at its next call. */
export interface Machine {
  readonly disk: ReturnType<typeof createSimulatedDisk>
  control: ReturnType<typeof createMemoryControlStore>
  postings: ReturnType<typeof createMemoryPostingsStore>
  readonly buckets: SimulatedBuckets
  /** Files of the delivery spool, by name. */
  readonly spool: Map<string, Uint8Array>
  /** A process died: what the control store had not committed is gone. */
  restartControl(): void
  /** Somebody deletes the history's directory. */
  wipePostings(): void
  armDisk(fault: DiskFault | undefined): void
  armControl(fault: FaultPoint | undefined): void
  armPostings(fault: PostingsFault): void
}

/** Inserts that a power cut may take from the postings store: it does not sync each. */
export const unsyncedInsertsMax = 3

export function createMachine(now: () => number): Machine {
  let diskFault: DiskFault | undefined
  let controlFault: FaultPoint | undefined
  let postingsFault: PostingsFault
  const controlOptions = {
    fault: () => takeControl(),
    // The turn was waited for before: a commit itself takes no time.
    commitDelay: () => Promise.resolve(),
  }
  const takeControl = () => {
    const fault = controlFault
    controlFault = undefined
    return fault
  }
  const takePostings = () => {
    const fault = postingsFault
    postingsFault = undefined
    return fault
  }
  const newPostings = () => createMemoryPostingsStore({ fault: takePostings, unsyncedMax: unsyncedInsertsMax })
  const machine: Machine = {
    disk: createSimulatedDisk({
      fault() {
        const fault = diskFault
        diskFault = undefined
        return fault
      },
    }),
    control: createMemoryControlStore(controlOptions),
    postings: newPostings(),
    buckets: createSimulatedBuckets(now),
    spool: new Map(),
    restartControl: () => void (machine.control = machine.control.crash(controlOptions)),
    wipePostings: () => void (machine.postings = newPostings()),
    armDisk: (fault) => void (diskFault = fault),
    armControl: (fault) => void (controlFault = fault),
    armPostings: (fault) => void (postingsFault = fault),
  }
  return machine
}

export interface ProcessPorts {
  readonly disk: Disk
  readonly control: ControlStore
  readonly postings: PostingsStore
  readonly buckets: BucketStore
  readonly spool: DeliverySpool
}

/**
 * The machine as one process sees it: each call waits for its turn, may fail or be the process's last as `faults` says,
 * and of a dead process none has an effect or an answer any more.
 */
export function openProcessPorts(machine: Machine, process: Process, faults: Faults): ProcessPorts {
  /** `effect` carries the call out under the fault, if it has one. */
  async function call<T>(called: CalledTargets, effect: (fault?: Fault) => Promise<T>): Promise<T> {
    await process.turn()
    const fault = faults.next(called)
    if (fault) trace(`${called[0]!} ${fault.kind} ${fault.when}`, new Error('here'))
    if (fault?.kind !== 'kill') return effect(fault)
    if (fault.when !== 'before') await effect(fault).catch(() => undefined)
    process.kill()
    return new Promise<T>(() => {})
  }

  const onDisk = <T>(effect: () => Promise<T>, called: CalledTargets = ['disk']): Promise<T> =>
    call(called, (fault) => {
      const error = fault?.kind === 'full' ? new DiskFullError('injected') : new Error('injected disk failure')
      machine.armDisk(fault && { kind: 'fail', when: fault.when, error })
      return effect()
    })

  const onPostings = <T>(effect: () => Promise<T>): Promise<T> =>
    call(['postings'], async (fault) => {
      // `half`: an insert of several days stops after the first.
      machine.armPostings(
        fault?.when === 'before' ? 'fails-before' : fault?.when === 'half' ? 'fails-after' : undefined,
      )
      const result = await effect()
      if (fault?.when === 'after') throw new PostingsUnavailableError('injected: the answer is lost')
      return result
    })

  const file = (opened: DiskFile): DiskFile => ({
    size: () => onDisk(() => opened.size()),
    read: (position, length) => onDisk(() => opened.read(position, length)),
    write: (position, parts) => onDisk(() => opened.write(position, parts)),
    datasync: () => onDisk(() => opened.datasync(), ['disk', 'sync']),
    truncate: (length) => onDisk(() => opened.truncate(length)),
    close: () => opened.close(),
  })

  const { disk } = machine
  return {
    disk: {
      makeDirectory: (path) => onDisk(() => disk.makeDirectory(path)),
      list: (path) => onDisk(() => disk.list(path)),
      open: (path, mode) => onDisk(async () => file(await disk.open(path, mode))),
      rename: (from, to) => onDisk(() => disk.rename(from, to)),
      unlink: (path) => onDisk(() => disk.unlink(path)),
      syncDirectory: (path) => onDisk(() => disk.syncDirectory(path), ['disk', 'sync']),
      freeBytes: (path) => disk.freeBytes(path),
    },
    control: {
      get: (key) => call(['control'], (fault) => readControl(fault, () => machine.control.get(key))),
      list: (prefix, options) =>
        call(['control'], (fault) => readControl(fault, () => machine.control.list(prefix, options))),
      transact: (writes) =>
        call(['control'], (fault) => {
          machine.armControl(fault && (fault.when === 'before' ? 'before' : 'after'))
          return machine.control.transact(writes)
        }),
      close: async () => {},
    },
    postings: {
      insert: (rows, token) => onPostings(() => machine.postings.insert(rows, token)),
      find: (query) => onPostings(() => machine.postings.find(query)),
      search: (query) => onPostings(() => machine.postings.search(query)),
      histogram: (query) => onPostings(() => machine.postings.histogram(query)),
      topValues: (query) => onPostings(() => machine.postings.topValues(query)),
      counts: () => onPostings(() => machine.postings.counts()),
      indexed: (stream, from, to) => onPostings(() => machine.postings.indexed(stream, from, to)),
      dropBefore: (day) => onPostings(() => machine.postings.dropBefore(day)),
      close: async () => {},
    },
    buckets: openBucketPort(machine.buckets, call),
    spool: openSpoolPort(machine.spool, call),
  }
}

async function readControl<T>(fault: Fault | undefined, read: () => Promise<T>): Promise<T> {
  if (fault) throw new ControlUnavailableError('injected: the control store does not answer')
  return read()
}
