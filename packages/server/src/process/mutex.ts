/** Runs actions one after the other, in the order in which they were asked for, whether they succeed or not. */
export type Mutex = <T>(action: () => Promise<T>) => Promise<T>

export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve()
  return (action) => {
    const result = last.then(action)
    last = result.catch(() => undefined)
    return result
  }
}
