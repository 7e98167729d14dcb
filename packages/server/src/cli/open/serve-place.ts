import { tuneGarbageCollection } from '../../process/index.ts'
import { exportLines } from '../commands/env.ts'
import { closeInTime, interruption } from '../commands/start.ts'
import { print, printError, programName, type CliContext } from '../context.ts'
import { describeImport } from '../import/describe-import.ts'
import { emptySummary, importFiles } from '../import/import-files.ts'
import { createProgressLine } from '../import/import-progress.ts'
import { noState } from '../import/import-state.ts'
import { withNewPlaces } from '../import/places-on-the-way.ts'
import type { FindOptions } from '../log-files/find-log-files.ts'
import type { LogStore } from '../log-files/log-store.ts'
import type { Home } from './find-home.ts'
import { createLocalTarget } from './local-target.ts'
import { openServer, readKey, type ServerForPlace } from './open-server.ts'
import { createPlaceVerification } from './place-verification.ts'
import type { VerifyFlags } from './verify-place.ts'

export interface ServeFlags extends VerifyFlags {
  readonly keep?: string
  readonly port?: string
}

/** A server that shows the place until it is told to end. @throws {CommandError} it cannot start. */
export async function servePlace(context: CliContext, flags: ServeFlags, find: FindOptions, home: Home): Promise<void> {
  tuneGarbageCollection()
  const place = placeOf(find.store)
  const given = {
    ...(flags.keep !== undefined && { keep: flags.keep }),
    ...(flags.port !== undefined && { port: flags.port }),
  }
  const verification = createPlaceVerification(context, flags, find)
  const running = await openServer({ home, place, ...given, verification: verification.look })
  try {
    announce(context, running, { place, home, isKept: flags.keep !== undefined })
    const ending = new AbortController()
    const reading = read(context, find, home, running, ending.signal)
    const signal = await interruption()
    printError(context, `opentrail: ${signal}, closing...`)
    ending.abort(new Error('the server is closing'))
    await reading
  } finally {
    await verification.close()
    await closeInTime(running.server)
    running.remove()
  }
}

const placeOf = ({ description, start, only = '' }: LogStore): string => `${description}/${start}${only}`

/** What a newcomer needs now, in one place. */
function announce(
  context: CliContext,
  { server: { endpoint, consoleLink }, data }: ServerForPlace,
  { place, home: { account, region }, isKept }: { place: string; home: Home; isKept: boolean },
): void {
  const program = programName()
  const lines = exportLines({ endpoint, region, credentials: readKey(data) })
  print(
    context,
    [
      `OpenTrail shows ${place}, read-only, at ${endpoint}${isKept ? '' : '; nothing is kept'}`,
      'In a browser (works once, within 15 minutes):',
      `  ${consoleLink()}`,
      'In another terminal:',
      ...lines.map((line) => `  ${line}`),
      `  ${program} lookup-events --event-name ConsoleLogin`,
      `  aws cloudtrail lookup-events --max-items 10`,
      `"Now" is the time of the newest event, so that the 90 days before it are shown (account ${account}, Region ${region}).`,
      'Files are being read, newest first; what has been read is found.',
    ].join('\n'),
  )
}

/** Reads everything in the background. What goes wrong is told, and what was read stays there to be looked at. */
async function read(
  context: CliContext,
  find: FindOptions,
  home: Home,
  { server: { opened } }: ServerForPlace,
  signal: AbortSignal,
): Promise<void> {
  const summary = emptySummary()
  const progress = createProgressLine(context)
  let isWhole = true
  const target = withNewPlaces(createLocalTarget(opened, home, signal), opened)
  try {
    await importFiles({ ...find, target, state: noState, signal, onProgress: progress.show }, summary)
  } catch (error) {
    isWhole = false
    progress.clear()
    if (!signal.aborted)
      printError(context, `opentrail: reading ended: ${error instanceof Error ? error.message : String(error)}`)
  }
  progress.clear()
  if (signal.aborted) return
  print(context, `${isWhole ? 'All is read' : 'This was read'}: ${describeImport(summary, find.skipped)}`)
}
