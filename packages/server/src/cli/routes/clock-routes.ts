import { buildCommand, buildRouteMap } from '@stricli/core'
import type { ClockFlags } from '../commands/clock.ts'
import type { CliContext } from '../context.ts'
import { connectionFlags, formatFlags, positional } from '../flags.ts'

const flags = { endpoint: connectionFlags.endpoint, ...formatFlags }

const plain = (name: 'show' | 'freeze' | 'unfreeze', brief: string) =>
  buildCommand<ClockFlags, [], CliContext>({
    loader: async () => (await import('../commands/clock.ts'))[name],
    parameters: { flags },
    docs: { brief },
  })

const withArgument = (name: 'advance' | 'set', argument: ReturnType<typeof positional>, brief: string) =>
  buildCommand<ClockFlags, [string], CliContext>({
    loader: async () => (await import('../commands/clock.ts'))[name],
    parameters: { flags, positional: { kind: 'tuple', parameters: [argument] } },
    docs: { brief },
  })

export const clockRoutes = buildRouteMap({
  routes: {
    show: plain('show', 'Print the virtual time'),
    advance: withArgument(
      'advance',
      positional('How far: 90s, 30m, 1h, 1d', 'DURATION'),
      'Move the virtual time on; returns when all work that fell due is done',
    ),
    set: withArgument(
      'set',
      positional('A later time: 2026-03-04T10:00:00Z', 'TIME'),
      'Move the virtual time to a moment',
    ),
    freeze: plain('freeze', 'Stop the virtual time from running on'),
    unfreeze: plain('unfreeze', 'Let the virtual time run on'),
  },
  docs: { brief: 'Show and move the virtual clock of a test server' },
})
