/**
 * What the caller's own code threw: a body that failed, a change that was refused. It is passed on to the caller as it is (the
 * `cause`), since nothing is wrong with the store.
 */
export class CallerFailure extends Error {
  override readonly name = 'CallerFailure'
}

/** Runs code of the caller. @throws {CallerFailure} */
export function ofCaller<T>(action: () => T): T {
  try {
    return action()
  } catch (cause) {
    throw new CallerFailure('the code of the caller failed', { cause })
  }
}
