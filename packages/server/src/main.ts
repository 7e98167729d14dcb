import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccountId } from '@opentrail/core/event'
import { administrationRoutes, openAccounts, openControlSocket, type Accounts } from './accounts/index.ts'
import { createSigV4Verifier } from './auth/index.ts'
import { createSchedule, createVirtualClock, systemClocks, systemRandom, type Clocks } from './clock/index.ts'
import { removeRunningServer, runningServerPath, writeRunningServer, type Configuration } from './config/index.ts'
import { openLmdbControlStore } from './control/index.ts'
import { openDataDirectory, writeFileDurably } from './data-directory/index.ts'
import { createNodeDisk } from './disk/index.ts'
import { startEngine, type Engine, type EngineEvent } from './engine/index.ts'
import { openClickHousePostingsStore } from './history/index.ts'
import { createAwsPlane, createHttpServer, createRefusalRecorder, createThrottle, type Route } from './http/index.ts'
import { createAdmissionPool, createRefusalReports, eventsRoute, reportsRoute } from './intake/index.ts'
import { createWorkerSealer, openSegmentJournal, type Journal } from './journal/index.ts'
import { openKeyRing, type RootKeySource } from './keyring/index.ts'
import { createClosers, type Closers } from './process/index.ts'
import { createObserver, type Gauges, type Observer } from './observability/index.ts'
import { cloudTrailOperations, createLookupEvents, createOperationRegistry } from './operations/index.ts'
import { openService, type Service } from './service.ts'
import { statusRoutes } from './status-routes.ts'
import { testClockRoutes } from './test-clock-routes.ts'

export interface RunningServer {
  /** `http://127.0.0.1:4580` */
  readonly endpoint: string
  readonly account: AccountId
  /** Answers what is in flight, writes out what is buffered, gives everything back. */
  close(): Promise<void>
}

const testCredentials = { accessKeyId: 'test', secretAccessKey: 'test' }
/** Requests in flight get this long to finish before a stop cuts them off; nothing acknowledged depends on it. */
const stopGraceMs = 10_000

/** The composition root: configuration in, adapters chosen, server started. @throws what stands in the way, in plain words. */
export async function startServer(configuration: Configuration): Promise<RunningServer> {
  const closers = createClosers()
  try {
    return { ...(await compose(configuration, closers)), close: closers.close }
  } catch (error) {
    await closers.close().catch(() => {}) // the first failure is the one to tell
    throw error
  }
}

async function compose(configuration: Configuration, closers: Closers): Promise<Omit<RunningServer, 'close'>> {
  const beganAt = performance.now()
  const { mode, regions, region } = configuration
  const virtualClock = mode.kind === 'test' ? createVirtualClock(systemClocks) : undefined
  const clocks: Clocks = virtualClock ? { ...systemClocks, domain: virtualClock.now } : systemClocks
  const random = systemRandom

  const directory = mode.kind === 'test' ? await temporaryDirectory(closers) : mode.data
  const data = await openDataDirectory(directory)
  closers.add(() => data.close())
  const { paths } = data

  const control = openLmdbControlStore(paths.control)
  closers.add(() => control.close())
  const keyRing = await openKeyRing({
    control,
    source: rootKeySource(configuration, paths.rootKey),
    random,
    now: clocks.domain,
  })

  let observer: Observer | undefined
  const report: Observer['report'] = (event) => observer?.report(event)
  // Journal and engine take half a second each and do not need one another.
  const sealer = createWorkerSealer()
  closers.add(() => sealer.close())
  const [{ journal, opened: found }, engine] = await Promise.all([
    openSegmentJournal({
      disk: createNodeDisk(),
      directory: paths.journal,
      cipher: keyRing.cipher,
      sealer,
      bytesMax: configuration.journal.bytesMax,
      onFault: (message, error) => report({ kind: 'journal', message, error }),
    }),
    startEngine({
      directory: paths.history,
      memoryBytesMax: configuration.engine.memoryBytesMax,
      onEvent: reportEngine(report),
    }),
  ])
  closers.add(() => journal.close())
  closers.add(() => engine.close())
  const postings = await openClickHousePostingsStore({ client: engine.client })

  const schedule = createSchedule({
    now: clocks.domain,
    failed: (job, error) => report({ kind: 'job-failed', job, error }),
    ticking: true,
  })
  closers.add(() => schedule.close())
  const service = await openService(
    { journal, control, postings, clocks, random, schedule, report },
    { regions, retentionDays: configuration.journal.retentionDays },
  )
  closers.add(() => service.close())

  observer = createObserver({ level: configuration.log.level, gauges: gaugesOf(service, journal, engine) })
  closers.add(() => observer?.flush())
  if (found.tornBytesCut > 0) report({ kind: 'journal-tail-cut', bytes: found.tornBytesCut })
  const onFault = (error: unknown, where: string) => report({ kind: 'failure', message: where, error })

  const accounts = await openAccounts({ control, keyRing, random, clocks, trail: service.trail, region })
  await firstStart(accounts, configuration, paths.credentials)
  const account = await homeAccount(accounts, configuration)

  const refusals = createRefusalRecorder({ selfTrail: service.trail, random, account, region, onFault })
  closers.add(() => refusals.close())
  const verifier = createSigV4Verifier({ credential: accounts.accessKey, wall: clocks.wall })
  const admission = createAdmissionPool()
  closers.add(() => admission.close())
  const regionSet = new Set<string>(regions)
  const common = { verifier, credentials: accounts, regions: regionSet, home: { account, region }, refusals }
  const reports = createRefusalReports(paths.reports, random)

  const routes: Route[] = [
    ...statusRoutes({
      metrics: observer.metrics,
      notReady: () => (engine.pid() === undefined ? ['the engine is starting'] : []),
    }),
    ...createAwsPlane({
      ...common,
      registry: createOperationRegistry([
        createLookupEvents({ tokenKey: keyRing.derive('LookupEvents page tokens'), random }),
      ]),
      selfTrail: service.trail,
      onFault,
      ...(configuration.throttle && { throttle: throttle(clocks) }),
      context: (caller, called) => ({ caller, region: called, clocks, history: service.history.reader }),
    }),
    eventsRoute({
      ...common,
      admission,
      writer: service.writer,
      reports,
      bodyBytesMax: configuration.intake.bodyBytesMax,
      clocks,
      trail: service.trail,
      leadingRegion: region,
      spoolDirectory: paths.spool,
      configVersion: service.configVersion,
      report,
    }),
    reportsRoute({ reports }),
    ...(virtualClock ? testClockRoutes(virtualClock, schedule) : []),
  ]
  const http = await createHttpServer({
    host: configuration.host,
    port: configuration.port,
    tls: configuration.tls,
    trustedProxies: configuration.trustedProxies,
    routes,
    random,
    onFault,
  })
  closers.add(() => http.close(stopGraceMs))
  closers.add(() => report({ kind: 'stopping', reason: 'closed' }))

  const info = { endpoint: http.url, region, account, testMode: mode.kind === 'test' }
  const socket = await openControlSocket({
    path: paths.controlSocket,
    routes: { ...administrationRoutes(accounts), '/server/info': async () => info },
    onError: onFault,
  })
  closers.add(() => socket.close())
  const file = runningServerPath(mode, http.port)
  writeRunningServer(file, { ...info, pid: process.pid, controlSocket: paths.controlSocket })
  closers.add(() => removeRunningServer(file))
  report({ kind: 'started', endpoint: http.url, milliseconds: Math.round(performance.now() - beganAt) })
  return { endpoint: http.url, account }
}

/** Test data goes with the server. */
async function temporaryDirectory(closers: Closers): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'opentrail-'))
  closers.add(() => rm(directory, { recursive: true, force: true }))
  return directory
}

function rootKeySource({ rootKey }: Configuration, generated: string): RootKeySource {
  if (rootKey.kind === 'generated') return { kind: 'generated', path: generated }
  if (rootKey.kind === 'environment') return { ...rootKey, value: process.env[rootKey.variable] }
  return rootKey
}

/**
 * The first start makes an account, an administrator and a key, and leaves the key in a file that only the owner can
 * read, for `opentrail env`. Where a crash lost it, `opentrail key create admin` makes another.
 */
async function firstStart(accounts: Accounts, { account, mode }: Configuration, path: string): Promise<void> {
  const isTest = mode.kind === 'test'
  const first = await accounts.bootstrap({ accountId: account, ...(isTest && { fixedCredentials: testCredentials }) })
  if (!first || isTest) return
  const { accessKeyId, secretAccessKey } = first
  await writeFileDurably(path, `${JSON.stringify({ accessKeyId, secretAccessKey })}\n`)
}

/** The account that belongs to nobody's calls: the configured one if it exists, else the first. */
async function homeAccount(accounts: Accounts, { account }: Configuration): Promise<AccountId> {
  return accounts.accountIds.has(account) ? account : [...accounts.accountIds][0]!
}

const throttle = (clocks: Clocks) => {
  const quotas = new Map(cloudTrailOperations.map(({ name, callsPerSecond }) => [name, callsPerSecond]))
  return { buckets: createThrottle(clocks.monotonic), callsPerSecond: (operation: string) => quotas.get(operation) }
}

const reportEngine =
  (report: Observer['report']) =>
  (event: EngineEvent): void => {
    const { kind, ...details } = event
    report({ kind: 'engine', message: `${kind} ${JSON.stringify(details)}`, restarted: kind === 'exited' })
  }

const gaugesOf = (service: Service, journal: Journal, engine: Engine): Gauges => ({
  journalBytes: () => journal.stats().bytes,
  journalBytesMax: () => journal.stats().bytesMax,
  journalSegments: () => journal.stats().segments,
  journalEvents: () => journal.streams().reduce((sum, { last }) => sum + last, 0),
  historyLag() {
    const cursors = service.history.cursors()
    return journal.streams().reduce((sum, { stream, last }) => sum + last - (cursors.get(stream) ?? 0), 0)
  },
  engineUp: () => engine.pid() !== undefined,
})
