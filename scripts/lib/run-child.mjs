import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** Signals that ask a program to end; the child decides how, we only wait for it. */
const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

/**
 * Runs a program with our terminal and resolves to its exit code; 128 + signal when a signal ended it.
 * A terminal sends Ctrl-C to the whole group, so the child may get SIGINT twice: programs started here count it once.
 * @param {string} command @param {string[]} args @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export function runChild(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options })
    const pass = (signal) => {
      // In a terminal the kernel has told the child already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    }
    for (const signal of passedOn) process.on(signal, pass)
    const watch = watchParent(() => child.kill('SIGTERM'))
    child.once('error', (error) => reject(new Error(`${command} cannot be started`, { cause: error })))
    child.once('exit', (code, signal) => {
      for (const name of passedOn) process.off(name, pass)
      clearInterval(watch)
      resolve(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0))
    })
  })
}

/** How long a server may outlive an npm that was killed. */
const parentCheckMs = 1_000

/**
 * npm runs us through a shell, and a SIGTERM for npm ends both without reaching us. Then we have another parent, which is the sign
 * to end too. Only under npm: whoever starts us directly may leave us running behind them.
 */
function watchParent(orphaned) {
  if (process.env.npm_lifecycle_event === undefined) return undefined
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    orphaned()
  }, parentCheckMs)
  return timer.unref()
}
