/** Resolves when `work` has ended, well or not. @throws the signal's reason when that comes first. */
export function ended(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', leave, { once: true })
    const end = (): void => {
      signal.removeEventListener('abort', leave)
      resolve()
    }
    work.then(end, end)
  })
}
