import { buildCommand, type FlagParametersForType } from '@stricli/core'
import { settingNames, settings, type Setting, type SettingName } from '../../config/index.ts'
import type { CliContext } from '../context.ts'
import type { ConsoleFlags } from '../commands/console.ts'
import type { DoctorFlags } from '../commands/doctor.ts'
import type { EnvFlags } from '../commands/env.ts'
import type { StartFlags } from '../commands/start.ts'
import type { VersionFlags } from '../commands/version.ts'
import { connectionFlags, dataFlags, formatFlags, switchFlag, textFlag } from '../flags.ts'

/** `retention-days` becomes `retentionDays`, which the scanner reads from either spelling. */
export const camelCase = (name: string): string =>
  name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())

// Values are taken as text: the configuration checks all of them in one place, whatever place they come from.
const flagOf = (name: SettingName) => {
  const { brief, placeholder }: Setting = settings[name]
  return placeholder === undefined ? switchFlag(brief) : textFlag(brief, placeholder)
}
const startFlags = {
  ...Object.fromEntries(settingNames.map((name) => [camelCase(name), flagOf(name)])),
  config: textFlag('Configuration file (JSON); its keys are these flags', 'FILE'),
} as unknown as FlagParametersForType<StartFlags, CliContext>

export const startCommand = buildCommand<StartFlags, [], CliContext>({
  loader: async () => (await import('../commands/start.ts')).start,
  parameters: { flags: startFlags },
  docs: {
    brief: 'Start the server',
    fullDescription:
      'Starts the server and runs until it is interrupted. Every flag can also stand in the configuration file under the same name, or in the environment in upper case with OPENTRAIL_ in front; flags win over the environment, the environment over the file.',
  },
})

export const envCommand = buildCommand<EnvFlags, [], CliContext>({
  loader: async () => (await import('../commands/env.ts')).env,
  parameters: { flags: { ...connectionFlags, test: switchFlag('The test server of this machine'), ...formatFlags } },
  docs: { brief: 'Print endpoint, Region and key of the running server, for eval "$(opentrail env)"' },
})

export const consoleCommand = buildCommand<ConsoleFlags, [], CliContext>({
  loader: async () => (await import('../commands/console.ts')).consoleLink,
  parameters: { flags: { ...dataFlags, endpoint: connectionFlags.endpoint, ...formatFlags } },
  docs: {
    brief: 'Print an address that signs a browser in to the console (on the machine of the server)',
    fullDescription:
      'Prints an address of the web console that signs whoever opens it in as administrator. It works once and for 15 minutes; the session ends after 12 hours.',
  },
})

export const doctorCommand = buildCommand<DoctorFlags, [], CliContext>({
  loader: async () => (await import('../commands/doctor.ts')).doctor,
  parameters: { flags: { ...dataFlags, endpoint: connectionFlags.endpoint, ...formatFlags } },
  docs: { brief: 'Check this installation and say what to do' },
})

export const versionCommand = buildCommand<VersionFlags, [], CliContext>({
  loader: async () => (await import('../commands/version.ts')).version,
  parameters: { flags: formatFlags },
  docs: { brief: 'Print the version' },
})
