import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccountId } from '@opentrail/core/event'
import { administrationRoutes, openAccounts, openControlSocket, type Accounts } from './accounts/index.ts'
import { createSigV4Verifier } from './auth/index.ts'
import { createSchedule, createVirtualClock, systemClocks, systemRandom, type Clocks } from './clock/index.ts'
import { removeRunningServer, runningServerPath, writeRunningServer, type Configuration } from './config/index.ts'
import { openLmdbControlStore, type ControlStore } from './control/index.ts'
import { openDataDirectory, writeFileDurably, type DataPaths } from './data-directory/index.ts'
import { createNodeDisk } from './disk/index.ts'
import { startEngine, type Engine, type EngineEvent } from './engine/index.ts'
import { createCachedPostingsStore, openClickHousePostingsStore, type PostingsStore } from './history/index.ts'
import { createAwsPlane, createHttpServer, createRefusalRecorder, createThrottle, type Route } from './http/index.ts'
import { createAdmissionPool, createRefusalReports, eventsRoute, reportsRoute } from './intake/index.ts'
import { createWorkerSealer, openSegmentJournal, type Journal } from './journal/index.ts'
import { openKeyRing, type KeyRing, type RootKeySource } from './keyring/index.ts'
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

type Report = Observer['report']

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
  const virtualClock = configuration.mode.kind === 'test' ? createVirtualClock(systemClocks) : undefined
  const clocks: Clocks = virtualClock ? { ...systemClocks, domain: virtualClock.now } : systemClocks
  // What is reported while things are being opened belongs into the log, too: the gauges come later.
  let gauges: Gauges | undefined
  const observer = createObserver({ level: configuration.log.level, gauges: () => gauges })
  closers.add(() => observer.flush())
  const { report } = observer

  const storage = await openStorage(configuration, clocks, report, closers)
  const schedule = createSchedule({
    now: clocks.domain,
    failed: (job, error) => report({ kind: 'job-failed', job, error }),
    ticking: true,
  })
  closers.add(() => schedule.close())
  const service = await openService(
    { ...storage, clocks, random: systemRandom, schedule, report },
    { regions: configuration.regions, retentionDays: configuration.journal.retentionDays },
  )
  closers.add(() => service.close())
  gauges = gaugesOf(service, storage)

  const clockRoutes = virtualClock ? testClockRoutes(virtualClock, schedule) : []
  const answer = await serve({ configuration, clocks, observer, storage, service, clockRoutes }, closers)
  report({ kind: 'started', endpoint: answer.endpoint, milliseconds: Math.round(performance.now() - beganAt) })
  return answer
}

interface Storage {
  readonly paths: DataPaths
  readonly control: ControlStore
  readonly keyRing: KeyRing
  readonly journal: Journal
  readonly engine: Engine
  readonly postings: PostingsStore
}

/** Everything that keeps something: the embedded column of the architecture's table of ports. */
async function openStorage(
  configuration: Configuration,
  clocks: Clocks,
  report: Report,
  closers: Closers,
): Promise<Storage> {
  const { mode } = configuration
  const data = await openDataDirectory(mode.kind === 'test' ? await temporaryDirectory(closers) : mode.data)
  closers.add(() => data.close())
  const { paths } = data
  const control = openLmdbControlStore(paths.control)
  closers.add(() => control.close())
  const source = rootKeySource(configuration, paths.rootKey)
  const keyRing = await openKeyRing({ control, source, random: systemRandom, now: clocks.domain })

  // Journal and engine take half a second each and do not need one another. Whichever opens is closed, whatever the other does.
  const sealer = createWorkerSealer()
  closers.add(() => sealer.close())
  const opening = openSegmentJournal({
    disk: createNodeDisk(),
    directory: paths.journal,
    cipher: keyRing.cipher,
    sealer,
    bytesMax: configuration.journal.bytesMax,
    onFault: (message, error) => report({ kind: 'journal', message, error }),
  }).then(({ journal, opened: { tornBytesCut } }) => {
    closers.add(() => journal.close())
    if (tornBytesCut > 0) report({ kind: 'journal-tail-cut', bytes: tornBytesCut })
    return journal
  })
  const memoryBytesMax = configuration.engine.memoryBytesMax
  const starting = startEngine({ directory: paths.history, memoryBytesMax, onEvent: reportEngine(report) }).then(
    (engine) => {
      closers.add(() => engine.close())
      return engine
    },
  )
  await Promise.allSettled([opening, starting])
  const [journal, engine] = await Promise.all([opening, starting])
  const postings = createCachedPostingsStore(await openClickHousePostingsStore({ client: engine.client }))
  return { paths, control, keyRing, journal, engine, postings }
}

interface Serving {
  readonly configuration: Configuration
  readonly clocks: Clocks
  readonly observer: Observer
  readonly storage: Storage
  readonly service: Service
  readonly clockRoutes: readonly Route[]
}

/** Who may call, what they find, and where: accounts, routes, the listening socket and the owner's control socket. */
async function serve(parts: Serving, closers: Closers): Promise<Omit<RunningServer, 'close'>> {
  const { configuration, clocks, observer, storage, service } = parts
  const { mode, region } = configuration
  const { paths, control, keyRing, engine } = storage
  const { report } = observer
  const random = systemRandom
  const onFault = (error: unknown, where: string) => report({ kind: 'failure', message: where, error })

  const accounts = await openAccounts({ control, keyRing, random, clocks, trail: service.trail, region })
  await firstStart(accounts, configuration, paths.credentials)
  const account = homeAccount(accounts, configuration)
  const refusals = createRefusalRecorder({ selfTrail: service.trail, random, account, region, onFault })
  closers.add(() => refusals.close())
  const admission = createAdmissionPool()
  closers.add(() => admission.close())

  const reports = createRefusalReports(paths.reports, random)
  const calls = {
    verifier: createSigV4Verifier({ credential: accounts.accessKey, wall: clocks.wall }),
    credentials: accounts,
    regions: new Set<string>(configuration.regions),
    home: { account, region },
    leadingRegion: region,
    refusals,
  }
  const routes = [
    ...statusRoutes({
      metrics: observer.metrics,
      notReady: () => (engine.pid() === undefined ? ['the engine is starting'] : []),
    }),
    ...createAwsPlane({
      ...calls,
      registry: createOperationRegistry([
        createLookupEvents({ tokenKey: keyRing.derive('LookupEvents page tokens'), random }),
      ]),
      selfTrail: service.trail,
      onFault,
      ...(configuration.throttle && { throttle: throttle(clocks) }),
      context: (caller, called) => ({ caller, region: called, clocks, history: service.history.reader }),
    }),
    eventsRoute({
      ...calls,
      admission,
      writer: service.writer,
      reports,
      bodyBytesMax: configuration.intake.bodyBytesMax,
      clocks,
      trail: service.trail,
      spoolDirectory: paths.spool,
      configVersion: service.trails.configVersion,
      report,
    }),
    reportsRoute({ ...calls, reports, trail: service.trail, onFault }),
    ...parts.clockRoutes,
  ]
  const { host, port, tls, trustedProxies } = configuration
  const http = await createHttpServer({ host, port, tls, trustedProxies, routes, random, onFault })
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
function homeAccount(accounts: Accounts, { account }: Configuration): AccountId {
  return accounts.accountIds.has(account) ? account : [...accounts.accountIds][0]!
}

const throttle = (clocks: Clocks) => {
  const quotas = new Map(cloudTrailOperations.map(({ name, callsPerSecond }) => [name, callsPerSecond]))
  return { buckets: createThrottle(clocks.monotonic), callsPerSecond: (operation: string) => quotas.get(operation) }
}

const reportEngine =
  (report: Report) =>
  (event: EngineEvent): void => {
    const { kind, ...details } = event
    report({ kind: 'engine', message: `${kind} ${JSON.stringify(details)}`, restarted: kind === 'exited' })
  }

const gaugesOf = (service: Service, { journal, engine }: Storage): Gauges => ({
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
