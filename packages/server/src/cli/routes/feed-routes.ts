import { buildCommand } from '@stricli/core'
import type { CliContext } from '../context.ts'
import type { DemoFlags } from '../commands/demo.ts'
import type { SendFlags } from '../commands/send.ts'
import { connectionFlags, formatFlags, positional, switchFlag, textFlag } from '../flags.ts'

export const demoCommand = buildCommand<DemoFlags, [], CliContext>({
  loader: async () => (await import('../commands/demo.ts')).demo,
  parameters: {
    flags: {
      ...connectionFlags,
      account: textFlag("Account to play in; the server's own without it", 'ID'),
      seed: textFlag('Another number tells the same story with other details (default 1)', 'N'),
      printOnly: switchFlag('Print the records as NDJSON and send nothing'),
      ...formatFlags,
    },
  },
  docs: {
    brief: 'Play a realistic hour of activity into an account',
    fullDescription:
      'Sends the last hour of an invented company: deployments, sign-ins, administrators, workloads with their errors, and a small incident to be found.',
  },
})

export const sendCommand = buildCommand<SendFlags, [string], CliContext>({
  loader: async () => (await import('../commands/send.ts')).send,
  parameters: {
    flags: { ...connectionFlags, ...formatFlags },
    positional: {
      kind: 'tuple',
      parameters: [positional('NDJSON or a CloudTrail log file, plain or .gz; - reads standard input', 'FILE')],
    },
  },
  docs: { brief: 'Send records from a file to POST /events' },
})
