#!/usr/bin/env node
import { runCli } from './run-cli.ts'

// A reader that has seen enough (`| head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

/** Waits for a slow reader, so that memory stays flat however much is printed. */
const writeBytes = (bytes: Uint8Array): Promise<void> =>
  new Promise((written, failed) => process.stdout.write(bytes, (error) => (error ? failed(error) : written())))

process.exitCode = await runCli({
  args: process.argv.slice(2),
  context: { process, environment: process.env, stdin: process.stdin, writeBytes, now: () => Date.now() },
})
