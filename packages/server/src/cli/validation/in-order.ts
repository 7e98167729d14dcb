/** Runs up to `max` tasks at a time and hands their results on in the order in which they were begun. */
export interface InOrder<Result> {
  /** Begins a task; waits first where too many are under way. Rejects with the error of a task, or of `onResult`. */
  add(task: () => Promise<Result>): Promise<void>
  /** Waits for all. */
  end(): Promise<void>
}

export function createInOrder<Result>(max: number, onResult: (result: Result) => void): InOrder<Result> {
  const underWay: Promise<Result>[] = []
  const take = async (): Promise<void> => onResult(await underWay.shift()!)
  return {
    async add(task) {
      if (underWay.length >= max) await take()
      const running = task()
      // It is awaited later; until then its failure is nobody's.
      running.catch(() => {})
      underWay.push(running)
    },
    async end() {
      while (underWay.length > 0) await take()
    },
  }
}
