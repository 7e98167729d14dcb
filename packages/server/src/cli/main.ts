#!/usr/bin/env node
import { runCli } from './run-cli.ts'

// A reader that has seen enough (`| head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

process.exitCode = await runCli({
  args: process.argv.slice(2),
  context: { process, environment: process.env, stdin: process.stdin, now: () => Date.now() },
})
