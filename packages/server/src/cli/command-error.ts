/** Something the user can act on: shown as it is, without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  /** 1: it did not work. 2: it was asked wrongly, or for something that is not there. */
  readonly exitCode: number
  constructor(message: string, options?: ErrorOptions & { exitCode?: number }) {
    super(message, options)
    this.exitCode = options?.exitCode ?? 1
  }
}

export const misuse = (message: string): CommandError => new CommandError(message, { exitCode: 2 })
