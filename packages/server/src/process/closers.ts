/**
 * Things opened on the way, closed in the opposite order. Like AsyncDisposableStack, which Node.js 22 does not have; and
 * one that fails to close does not keep the others open.
 */
export interface Closers {
  add(close: () => unknown): void
  /** Closes all, newest first; a second call does nothing. @throws {AggregateError} of what failed, after all were tried. */
  close(): Promise<void>
}

export function createClosers(): Closers {
  let waiting: (() => unknown)[] = []
  return {
    add: (close) => void waiting.push(close),
    async close() {
      const closing = waiting.toReversed()
      waiting = []
      const failures: unknown[] = []
      for (const close of closing) {
        try {
          await close()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'not everything could be closed')
    },
  }
}
