import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a script of this folder on the sources in a process of its own and reads the JSON line it ends with. */
export function runWorker<T>(script: string, parameters: readonly (string | number)[], timeoutMs: number): Promise<T> {
  const command = ['--conditions=opentrail-source', `test/fault/${script}`, ...parameters.map(String)]
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      command,
      { cwd: root, timeout: timeoutMs, maxBuffer: 1 << 24 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`node ${command.join(' ')}: ${stderr || error.message}`, { cause: error }))
        else resolve(JSON.parse(stdout.trim().split('\n').at(-1)!) as T)
      },
    )
  })
}
