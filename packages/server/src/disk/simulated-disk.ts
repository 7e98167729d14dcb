import { basename, dirname } from 'node:path'
import { DiskFullError, DiskNotFoundError, type Disk, type DiskFile } from './disk.ts'
import { SimulatedContent } from './simulated-content.ts'

export type DiskOperationKind =
  | 'makeDirectory'
  | 'list'
  | 'open'
  | 'create'
  | 'rename'
  | 'unlink'
  | 'syncDirectory'
  | 'size'
  | 'read'
  | 'write'
  | 'datasync'
  | 'truncate'

/** One call about to be made. `index` counts all calls since the disk was made, from 0. */
export interface DiskOperation {
  readonly index: number
  readonly kind: DiskOperationKind
  readonly path: string
}

/**
 * What shall go wrong with a call. `fail`: it rejects, and everything after it works again. `power-off`: it rejects, and
 * so does every call until `crash`. `before` or `after` it took effect; a write that fails `half` has written a part.
 */
export interface DiskFault {
  readonly kind: 'fail' | 'power-off'
  readonly when: 'before' | 'half' | 'after'
  readonly error?: Error
}

export interface SimulatedDiskOptions {
  /** Total bytes of all files; a write beyond it stores what fits and throws `DiskFullError`. */
  readonly capacityBytes?: number
  /** Asked before every call. */
  readonly fault?: (operation: DiskOperation) => DiskFault | undefined
}

export interface SimulatedDisk extends Disk {
  /**
   * The power fails and comes back: unsynced sectors, sizes and directory changes survive or not, each as `random`
   * (uniform in [0, 1)) says. Files opened before are dead. The disk works again afterwards.
   */
  crash(random: () => number): void
  /** Replaces the fault hook; undefined: nothing goes wrong. */
  setFault(fault: SimulatedDiskOptions['fault']): void
  setCapacity(bytes: number): void
  /** Flips bits of what is stored, durably, as decaying media would. */
  corrupt(path: string, position: number, mask: number): void
  /** How many calls were made so far. */
  readonly operations: number
}

/** Directory changes are atomic one by one (a rename never loses both names) and survive in any subset until synced. */
type DirectoryChange = readonly (readonly [name: string, node: Node | undefined])[]
interface Directory {
  readonly entries: Map<string, Node>
  durable: Map<string, Node>
  changes: DirectoryChange[]
}
type Node = Directory | SimulatedContent

const emptyDirectory = (): Directory => ({ entries: new Map(), durable: new Map(), changes: [] })

/** A disk in memory that behaves as badly as the port allows. */
export function createSimulatedDisk(options: SimulatedDiskOptions = {}): SimulatedDisk {
  const root = emptyDirectory()
  let capacity = options.capacityBytes ?? Infinity
  let fault = options.fault
  let operations = 0
  let powered = true
  let generation = 0

  const find = (path: string): Node | undefined => {
    let node: Node | undefined = root
    for (const name of path.split('/').filter(Boolean))
      node = node && !(node instanceof SimulatedContent) ? node.entries.get(name) : undefined
    return node
  }
  const directoryAt = (path: string): Directory => {
    const node = find(path)
    if (!node || node instanceof SimulatedContent) throw new DiskNotFoundError(`no directory ${path}`)
    return node
  }
  const fileAt = (path: string): SimulatedContent => {
    const node = find(path)
    if (!(node instanceof SimulatedContent)) throw new DiskNotFoundError(`no file ${path}`)
    return node
  }
  const usedBytes = (): number => bytesBelow(root)

  /** Runs one call under the fault hook. `half` is what the call does when it fails in its middle. */
  async function call<T>(kind: DiskOperationKind, path: string, effect: () => T, half?: () => void): Promise<T> {
    await Promise.resolve()
    if (!powered) throw new Error(`the power is off: ${kind} ${path}`)
    const index = operations++
    const injected = fault?.({ index, kind, path })
    if (!injected) return effect()
    if (injected.kind === 'power-off') powered = false
    if (injected.when === 'after') effect()
    if (injected.when === 'half') half?.()
    throw injected.error ?? new Error(`injected ${injected.kind} ${injected.when} ${kind} ${path}`)
  }

  function openFile(path: string, content: SimulatedContent): DiskFile {
    const born = generation
    let closed = false
    const on = <T>(kind: DiskOperationKind, effect: () => T, half?: () => void): Promise<T> => {
      if (closed || born !== generation) return Promise.reject(new Error(`${path} is closed`))
      return call(kind, path, effect, half)
    }
    const put = (position: number, bytes: Buffer): void => {
      const growth = Math.max(0, position + bytes.length - content.size)
      const missing = Math.max(0, growth - (capacity - usedBytes()))
      content.write(position, bytes.subarray(0, Math.max(0, bytes.length - missing)))
      if (missing > 0) throw new DiskFullError(`no space left for ${missing} bytes of ${path}`)
    }
    return {
      size: () => on('size', () => content.size),
      read: (position, length) => on('read', () => content.read(position, length)),
      write(position, parts) {
        const bytes = Buffer.concat(parts)
        return on(
          'write',
          () => put(position, bytes),
          () => put(position, bytes.subarray(0, bytes.length >> 1)),
        )
      },
      async datasync() {
        try {
          await on('datasync', () => content.sync())
        } catch (error) {
          // As Linux does: after a failed sync the pages count as clean, and a later sync does not write them.
          if (born === generation) content.forgetUnsynced()
          throw error
        }
      },
      truncate: (length) => on('truncate', () => content.truncate(length)),
      async close() {
        closed = true
      },
    }
  }

  return {
    makeDirectory: (path) =>
      call('makeDirectory', path, () => {
        let directory = root
        for (const name of path.split('/').filter(Boolean)) {
          const next = directory.entries.get(name)
          if (next instanceof SimulatedContent) throw new Error(`${name} in ${path} is a file`)
          const child = next ?? emptyDirectory()
          if (!next) change(directory, [[name, child]])
          directory = child
        }
      }),
    list: (path) =>
      call('list', path, () => {
        const node = find(path)
        return node ? [...directoryAt(path).entries.keys()].sort() : []
      }),
    open: (path, mode) =>
      call(mode === 'create' ? 'create' : 'open', path, () => {
        if (mode !== 'create') return openFile(path, fileAt(path))
        const directory = directoryAt(dirname(path))
        if (directory.entries.has(basename(path))) throw new Error(`${path} exists`)
        const content = new SimulatedContent()
        change(directory, [[basename(path), content]])
        return openFile(path, content)
      }),
    rename: (from, to) =>
      call('rename', from, () => {
        const node = find(from)
        if (!node) throw new DiskNotFoundError(`no file ${from}`)
        if (dirname(from) !== dirname(to)) throw new Error(`rename across directories: ${from} to ${to}`)
        change(directoryAt(dirname(from)), [
          [basename(from), undefined],
          [basename(to), node],
        ])
      }),
    unlink: (path) =>
      call('unlink', path, () => {
        if (find(path)) change(directoryAt(dirname(path)), [[basename(path), undefined]])
      }),
    syncDirectory: (path) =>
      call('syncDirectory', path, () => {
        const directory = directoryAt(path)
        directory.durable = new Map(directory.entries)
        directory.changes = []
      }),
    async freeBytes() {
      return Math.max(0, capacity - usedBytes())
    },
    crash(random) {
      crashDirectory(root, random)
      generation += 1
      powered = true
    },
    setFault(next) {
      fault = next
    },
    setCapacity(bytes) {
      capacity = bytes
    },
    corrupt: (path, position, mask) => fileAt(path).corrupt(position, mask),
    get operations() {
      return operations
    },
  }
}

function change(directory: Directory, changes: DirectoryChange): void {
  applyChange(directory.entries, changes)
  directory.changes.push(changes)
}

function applyChange(entries: Map<string, Node>, changes: DirectoryChange): void {
  for (const [name, node] of changes)
    if (node) entries.set(name, node)
    else entries.delete(name)
}

function crashDirectory(directory: Directory, random: () => number): void {
  const survivors = new Map(directory.durable)
  for (const change of directory.changes) if (random() < 0.5) applyChange(survivors, change)
  directory.entries.clear()
  for (const [name, node] of survivors) directory.entries.set(name, node)
  directory.durable = survivors
  directory.changes = []
  for (const node of survivors.values())
    if (node instanceof SimulatedContent) node.crash(random)
    else crashDirectory(node, random)
}

function bytesBelow(directory: Directory): number {
  let bytes = 0
  for (const node of directory.entries.values())
    bytes += node instanceof SimulatedContent ? node.size : bytesBelow(node)
  return bytes
}
