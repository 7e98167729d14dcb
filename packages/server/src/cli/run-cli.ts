import { run } from '@stricli/core'
import { buildCli } from './application.ts'
import type { CliContext } from './context.ts'
import { notBuilt } from './not-built.ts'

export interface CliInput {
  readonly args: readonly string[]
  readonly context: Omit<CliContext, 'process' | 'exitWith'> & {
    readonly process: Pick<CliContext['process'], 'stdout' | 'stderr'>
  }
}

/** Runs one command line and resolves to its exit code: 0 done, 1 failed, 2 asked wrongly or for what is not there. */
export async function runCli({ args, context }: CliInput): Promise<number> {
  const [command] = args
  if (command !== undefined && notBuilt.has(command)) {
    context.process.stderr.write(`opentrail ${command} is not built in this version\n`)
    return 2
  }
  const state: { exitCode?: number | string | null } = {}
  const process = Object.assign(state, {
    stdout: context.process.stdout,
    stderr: context.process.stderr,
    env: { ...context.environment, STRICLI_SKIP_VERSION_CHECK: '1' },
  })
  let verdict = 0
  const exitWith = (code: number): void => void (verdict = code)
  await run(buildCli(), args.length === 0 ? ['--help'] : args, { ...context, process, exitWith })
  const code = Number(state.exitCode ?? 0)
  // stricli's own codes are negative: what could not be understood is misuse, the rest a failure.
  return code === -4 || code === -5 ? 2 : code < 0 ? 1 : code || verdict
}
