import { buildCommand, buildRouteMap } from '@stricli/core'
import type { BackfillFlags, CreateTrailFlags, TrailFlags } from '../commands/trail.ts'
import type { CliContext } from '../context.ts'
import { connectionFlags, dataFlags, formatFlags, positional, switchFlag, textFlag } from '../flags.ts'

const load = () => import('../commands/trail.ts')
const flags = { ...connectionFlags, ...formatFlags }
const name = { kind: 'tuple', parameters: [positional('Name or ARN of the trail', 'NAME')] } as const

const named = (command: 'trailStatus' | 'startTrail' | 'stopTrail' | 'deleteTrail', brief: string) =>
  buildCommand<TrailFlags, [string], CliContext>({
    loader: async () => (await load())[command],
    parameters: { flags, positional: name },
    docs: { brief },
  })

export const trailRoutes = buildRouteMap({
  routes: {
    create: buildCommand<CreateTrailFlags, [string], CliContext>({
      loader: async () => (await load()).createTrail,
      parameters: {
        flags: {
          ...connectionFlags,
          bucket: {
            kind: 'parsed',
            parse: String,
            default: 'opentrail-logs',
            brief: 'Bucket that its log files go to',
            placeholder: 'NAME',
          },
          prefix: textFlag('What the keys of its log files begin with', 'TEXT'),
          multiRegion: switchFlag('Record what happens in all Regions'),
          validate: switchFlag('Write signed digests every hour, so that the log files can be verified'),
          start: switchFlag('Start logging at once'),
          ...formatFlags,
        },
        positional: { kind: 'tuple', parameters: [positional('Name of the trail', 'NAME')] },
      },
      docs: { brief: 'Create a trail' },
    }),
    list: buildCommand<TrailFlags, [], CliContext>({
      loader: async () => (await load()).listTrails,
      parameters: { flags },
      docs: { brief: 'List the trails' },
    }),
    status: named('trailStatus', 'Show whether a trail is logging, and what it delivered last'),
    start: named('startTrail', 'Start logging'),
    stop: named('stopTrail', 'Stop logging'),
    backfillDigests: buildCommand<BackfillFlags, [string], CliContext>({
      loader: async () => (await load()).backfillDigests,
      parameters: {
        flags: { ...dataFlags, region: textFlag('Of this Region only', 'REGION'), ...formatFlags },
        positional: name,
      },
      docs: {
        brief: 'Make digests of log files that are in none (on the machine of the server)',
        fullDescription:
          'Makes backfill digests for every hour with log files that were delivered while validation was off, for as long as the server remembers their hashes: 90 days. Run again it makes nothing twice.',
      },
    }),
    delete: named('deleteTrail', 'Delete a trail; its log files stay'),
  },
  docs: { brief: 'Create and manage trails' },
})
