import { buildApplication, buildRouteMap, text_en, type Application } from '@stricli/core'
import { ConfigurationError } from '../config/index.ts'
import { accountRoutes, keyRoutes, userRoutes } from './routes/owner-routes.ts'
import { checkpointCommand, proveCommand, verifyProofCommand } from './routes/checkpoint-routes.ts'
import { bucketRoutes, catCommand, exportCommand, lsCommand } from './routes/bucket-routes.ts'
import { clockRoutes } from './routes/clock-routes.ts'
import { demoCommand, sendCommand } from './routes/feed-routes.ts'
import { importCommand, openCommand } from './routes/import-routes.ts'
import { lookupEventsCommand, tailCommand } from './routes/lookup-route.ts'
import { consoleCommand, doctorCommand, envCommand, startCommand, versionCommand } from './routes/server-routes.ts'
import { trailRoutes } from './routes/trail-routes.ts'
import { validateLogsCommand } from './routes/validate-route.ts'
import { CommandError } from './command-error.ts'
import type { CliContext } from './context.ts'

/** The whole command line. Declarations only: the code of a command is loaded when it is called. */
export function buildCli(): Application<CliContext> {
  const root = buildRouteMap({
    routes: {
      start: startCommand,
      env: envCommand,
      console: consoleCommand,
      'lookup-events': lookupEventsCommand,
      tail: tailCommand,
      trail: trailRoutes,
      'validate-logs': validateLogsCommand,
      checkpoint: checkpointCommand,
      prove: proveCommand,
      'verify-proof': verifyProofCommand,
      ls: lsCommand,
      cat: catCommand,
      export: exportCommand,
      demo: demoCommand,
      send: sendCommand,
      import: importCommand,
      open: openCommand,
      account: accountRoutes,
      user: userRoutes,
      key: keyRoutes,
      bucket: bucketRoutes,
      clock: clockRoutes,
      doctor: doctorCommand,
      version: versionCommand,
    },
    docs: { brief: 'OpenTrail, the open, self-hosted CloudTrail' },
  })
  return buildApplication<CliContext>(root, {
    name: 'opentrail',
    scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
    documentation: { caseStyle: 'convert-camel-to-kebab', disableAnsiColor: true, onlyRequiredInUsageLine: true },
    localization: {
      text: { ...text_en, exceptionWhileRunningCommand: explain, exceptionWhileParsingArguments: explainArguments },
    },
    determineExitCode: (error) =>
      error instanceof CommandError ? error.exitCode : error instanceof ConfigurationError ? 2 : 1,
  })
}

/** What the user can act on in its own words; anything else is a bug of ours and shown whole. */
function explain(error: unknown): string {
  if (error instanceof CommandError) return `opentrail: ${error.message}`
  if (error instanceof ConfigurationError)
    return `opentrail: the configuration has ${error.problems.length === 1 ? 'a problem' : `${error.problems.length} problems`}\n${error.problems.map((problem) => `  ${problem}`).join('\n')}`
  return `opentrail: this should not happen; please report it\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}

const explainArguments: (typeof text_en)['exceptionWhileParsingArguments'] = function (error, ansiColor) {
  if (error instanceof CommandError) return `opentrail: ${error.message}`
  return `opentrail: ${text_en.exceptionWhileParsingArguments.call(this, error, ansiColor)}`
}
