import { ControlUnavailableError, type ControlStore } from '../control/index.ts'

/** Numbers reserved at once: the most that a start leaves out. */
const reservedAtOnce = 100_000
const key = 'queues/sequence'

/** Numbers of messages, over all queues: each larger than all before it, whatever crashes. */
export interface Sequences {
  /** The largest number that was taken. */
  readonly last: number
  /** Takes `count` numbers in a row and hands the first one over in the same breath: who got the smaller one went first. */
  take<T>(count: number, use: (first: number) => Promise<T>): Promise<T>
}

/** @throws {ControlUnavailableError} */
export async function openSequences(control: ControlStore): Promise<Sequences> {
  const stored = await control.get<{ readonly reserved: number }>(key)
  let last = stored?.value.reserved ?? 0
  let reserved = last
  let reserving: Promise<void> | undefined

  async function reserve(): Promise<void> {
    const next = reserved + reservedAtOnce
    try {
      await control.transact([{ key, value: { reserved: next } }])
    } catch (error) {
      // Where it is unknown whether it was written, writing it once more does no harm.
      if (!(error instanceof ControlUnavailableError)) throw error
      await control.transact([{ key, value: { reserved: next } }])
    }
    reserved = next
  }

  return {
    get last() {
      return last
    },
    async take(count, use) {
      while (last + count > reserved) await (reserving ??= reserve().finally(() => (reserving = undefined)))
      const first = last + 1
      last += count
      return use(first)
    },
  }
}
