import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AccountId, Region } from '@opentrail/core/event'
import { administrationRoutes, openAccounts, openControlSocket, type Accounts } from './accounts/index.ts'
import { createApi, type ApiOptions } from './api/index.ts'
import { createSigV4Verifier } from './auth/index.ts'
import { bucketPolicyFault, bucketRoutes, createCheckDestination, createLifecycleJob } from './buckets/index.ts'
import {
  checkpointRoutes,
  createCheckpoints,
  createCheckpointSigner,
  openLogKey,
  type CheckpointSigner,
} from './checkpoints/index.ts'
import { createSchedule, createVirtualClock, systemClocks, systemRandom, type Clocks } from './clock/index.ts'
import { removeRunningServer, runningServerPath, writeRunningServer, type Configuration } from './config/index.ts'
import {
  consoleRoutes,
  createConsoleSessions,
  createSessionDescription,
  linkRoutes,
  readConsoleFiles,
  signInLink,
  signInRoutes,
  withSessions,
} from './console/index.ts'
import { writeFileDurably } from './data-directory/index.ts'
import { backfillRoutes } from './digests/index.ts'
import { createAwsPlane, createHttpServer, createRefusalRecorder, createThrottle, type Route } from './http/index.ts'
import {
  createAdmissionPool,
  createImporter,
  createRefusalReports,
  eventsRoute,
  importRoute,
  reportsRoute,
} from './intake/index.ts'
import { createKeyJob, createKmsFront } from './kms/index.ts'
import { createClosers, type Closers } from './process/index.ts'
import { createObserver, type Gauges, type Observer } from './observability/index.ts'
import {
  cloudTrailOperations,
  createLookupEvents,
  createOperationRegistry,
  createTrailOperations,
  ListPublicKeys,
} from './operations/index.ts'
import {
  createOpenedServer,
  readOnlyOperation,
  readOnlyRoute,
  refusedService,
  standingClocks,
  type OpenedServer,
} from './open-mode.ts'
import { addPolicyTemplates, makeDefaultBucket, openStorage, type Storage } from './open-storage.ts'
import { openQueues, type Queues } from './queues/index.ts'
import { createS3Front, lifecycleRulesOf } from './s3/index.ts'
import { createQuietTrail } from './selftrail/index.ts'
import { openService, type Service } from './service.ts'
import { createRotationJob, createSigningKeys, type SigningKeys } from './signing-keys/index.ts'
import { createStsRoutes } from './sts/index.ts'
import { statusRoutes } from './status-routes.ts'
import { testClockRoutes } from './test-clock-routes.ts'
import {
  createRemoteTopicPublisher,
  openTopics,
  type TopicEvents,
  type TopicPublisher,
  type Topics,
} from './topics/index.ts'

export interface RunningServer {
  /** `http://127.0.0.1:4580` */
  readonly endpoint: string
  readonly account: AccountId
  /** Of `opentrail open` alone. */
  readonly opened?: OpenedServer
  /** An address that signs a browser in as administrator: once, within a quarter of an hour. */
  consoleLink(): string
  /** Answers what is in flight, writes out what is buffered, gives everything back. */
  close(): Promise<void>
}

/** Where the build puts the console, seen from the sources and from the compiled server alike. */
const consoleDirectory = fileURLToPath(new URL('../../console/dist/', import.meta.url))
const testCredentials = { accessKeyId: 'test', secretAccessKey: 'test' }
/** Requests in flight get this long to finish before a stop cuts them off; nothing acknowledged depends on it. */
const stopGraceMs = 10_000

/** What `opentrail open` hands to the server that it starts. */
type OpenParts = Pick<ApiOptions, 'verification'>

/**
 * The composition root: configuration in, adapters chosen, server started. `system`: other clocks than the machine's, for
 * tests. @throws what stands in the way, in plain words.
 */
export async function startServer(
  configuration: Configuration,
  system: Clocks = systemClocks,
  openParts: OpenParts = {},
): Promise<RunningServer> {
  const closers = createClosers()
  try {
    return { ...(await compose(configuration, system, closers, openParts)), close: closers.close }
  } catch (error) {
    await closers.close().catch(() => {}) // the first failure is the one to tell
    throw error
  }
}

async function compose(
  configuration: Configuration,
  system: Clocks,
  closers: Closers,
  openParts: OpenParts,
): Promise<Omit<RunningServer, 'close'>> {
  const beganAt = performance.now()
  const virtualClock = configuration.mode.kind === 'test' ? createVirtualClock(system) : undefined
  const clocks: Clocks = virtualClock ? { ...system, domain: virtualClock.now } : system
  // What is reported while things are being opened belongs into the log, too: the gauges come later.
  let gauges: Gauges | undefined
  const observer = createObserver({ level: configuration.log.level, gauges: () => gauges })
  closers.add(() => observer.flush())
  const { report } = observer

  const { mode } = configuration
  const directory = mode.kind === 'test' ? await temporaryDirectory(closers) : mode.data
  const storage = await openStorage({ configuration, directory, clocks, report, closers })
  const logKey = await openLogKey({ control: storage.control, keyRing: storage.keyRing, now: clocks.domain })
  const signer = createCheckpointSigner(logKey, configuration.checkpointOrigin)
  const signingKeys = openSigningKeys(storage, clocks, report)
  closers.add(() => signingKeys.close())
  const schedule = createSchedule({
    now: clocks.domain,
    failed: (job, error) => report({ kind: 'job-failed', job, error }),
    ticking: true,
  })
  closers.add(() => schedule.close())
  const rotationFailed = (error: unknown) => report({ kind: 'job-failed', job: 'signing keys', error })
  schedule.add(createRotationJob({ keys: signingKeys, now: clocks.domain, failed: rotationFailed }))
  const queues = await openQueues({
    control: storage.control,
    cipher: storage.keyRing.cipher,
    receiptKey: storage.keyRing.derive('SQS receipt handles'),
    clocks,
    random: systemRandom,
    onFault: (error, where) => report({ kind: 'failure', message: where, error }),
  })
  const topics = await openTopics({
    control: storage.control,
    keyRing: storage.keyRing,
    queues: queues.sink,
    clocks,
    random: systemRandom,
    events: topicEvents(report),
    subscriberNetworks: configuration.topics.subscriberNetworks,
    ...(configuration.topics.certificateUrl !== undefined && {
      certificateEndpoint: configuration.topics.certificateUrl,
    }),
  })
  closers.add(() => topics.close())
  const publisher = topicPublisher(configuration, topics, clocks, closers)
  for (const job of [...queues.jobs, ...topics.jobs]) schedule.add(job)
  const service = await openService(
    {
      ...storage,
      signingKeys,
      signCheckpoint: signer.sign,
      topics: publisher,
      clocks,
      random: systemRandom,
      schedule,
      report,
    },
    {
      regions: configuration.regions,
      leadingRegion: configuration.region,
      retentionDays: configuration.journal.retentionDays,
      deliveryLimits: configuration.delivery,
    },
  )
  closers.add(() => service.close())
  const keyJobFailed = (error: unknown) => report({ kind: 'job-failed', job: 'kms keys', error })
  schedule.add(createKeyJob({ keys: storage.keys, trail: service.trail, failed: keyJobFailed }))
  const lifecycle = createLifecycleJob({
    store: storage.embedded,
    rulesOf: lifecycleRulesOf,
    now: clocks.domain,
    failed: (error) => report({ kind: 'job-failed', job: 'lifecycle', error }),
  })
  closers.add(() => lifecycle.close())
  schedule.add(lifecycle)
  gauges = gaugesOf(service, storage)

  const clockRoutes = virtualClock ? testClockRoutes(virtualClock, schedule) : []
  const parts = {
    configuration,
    clocks,
    observer,
    storage,
    service,
    signingKeys,
    signer,
    queues,
    topics,
    publisher,
    clockRoutes,
    openParts,
  }
  const answer = await serve(parts, closers)
  report({ kind: 'started', endpoint: answer.endpoint, milliseconds: Math.round(performance.now() - beganAt) })
  return answer
}

interface Serving {
  readonly configuration: Configuration
  readonly clocks: Clocks
  readonly observer: Observer
  readonly storage: Storage
  readonly service: Service
  readonly signingKeys: SigningKeys
  readonly signer: CheckpointSigner
  readonly queues: Queues
  readonly topics: Topics
  /** Built-in topics or others. */
  readonly publisher: TopicPublisher
  readonly clockRoutes: readonly Route[]
  readonly openParts: OpenParts
}

/** Who may call, what they find, and where: accounts, routes, the listening socket and the owner's control socket. */
async function serve(parts: Serving, closers: Closers): Promise<Omit<RunningServer, 'close'>> {
  const { configuration, clocks, observer, storage } = parts
  const { mode, region } = configuration
  const { paths, control, keyRing, engine } = storage
  const isOpened = mode.kind === 'open'
  const service = isOpened ? { ...parts.service, trail: createQuietTrail(control) } : parts.service
  const changing = (routes: readonly Route[]) => (isOpened ? routes.map(readOnlyRoute) : routes)
  const standing = standingClocks(clocks)
  const asked = isOpened ? standing.clocks : clocks
  const { report } = observer
  const random = systemRandom
  const onFault = (error: unknown, where: string) => report({ kind: 'failure', message: where, error })

  const accounts = await openAccounts({ control, keyRing, random, clocks, trail: service.trail, region })
  await firstStart(accounts, configuration, paths.credentials)
  const account = homeAccount(accounts, configuration)
  await makeDefaultBucket(storage.embedded, account, region)
  const stores = await addPolicyTemplates(storage.embedded, { owner: account, regions: configuration.regions, report })
  const checkDestination = createCheckDestination(storage.buckets)
  const refusals = createRefusalRecorder({ selfTrail: service.trail, random, account, region, onFault })
  closers.add(() => refusals.close())
  const admission = createAdmissionPool()
  closers.add(() => admission.close())

  const reports = createRefusalReports(paths.reports, random)
  const sessions = createConsoleSessions({
    random,
    wall: clocks.wall,
    administrator: (userName) => accounts.administrator(account, userName),
  })
  const credentials = withSessions(accounts, sessions)
  const calls = {
    verifier: createSigV4Verifier({ credential: credentials.accessKey, wall: clocks.wall }),
    credentials,
    regions: new Set<string>(configuration.regions),
    home: { account, region },
    leadingRegion: region,
    refusals,
  }
  // Of the answers' links; nobody asks before the server listens.
  let endpoint = configuration.publicUrl ?? ''
  const session = createSessionDescription({
    sessions,
    regions: configuration.regions,
    mode: mode.kind,
    now: asked.domain,
    endpoint: () => endpoint,
  })
  const importer = createImporter({
    admission,
    writer: service.writer,
    journal: storage.journal,
    search: service.history.search,
    regions: calls.regions,
    configVersion: service.trails.configVersion,
    now: clocks.domain,
    bodyBytesMax: configuration.intake.bodyBytesMax,
  })
  const operations = [
    createLookupEvents({ tokenKey: keyRing.derive('LookupEvents page tokens'), random }),
    ...createTrailOperations({ random }),
    ListPublicKeys,
  ]
  const sns = parts.topics.front({ ...calls, selfTrail: service.trail, onFault })
  const checkpoints = createCheckpoints({ journal: storage.journal, trees: service.trees, signer: parts.signer })
  const api = createApi({
    ...calls,
    ...storage,
    search: service.history.search,
    trails: service.trails,
    delivery: service.delivery,
    signingKeys: parts.signingKeys,
    checkpoints,
    verifierKey: parts.signer.verifierKey,
    accountIds: accounts.accountIds,
    describeSession: session,
    now: asked.domain,
    random,
    cursorKey: keyRing.derive('API cursors'),
    trail: service.trail,
    onFault,
    ...parts.openParts,
  })
  const routes = [
    ...statusRoutes({
      metrics: observer.metrics,
      notReady: () => (engine.pid() === undefined ? ['the engine is starting'] : []),
    }),
    ...changing(sns.routes),
    ...createStsRoutes({ ...calls, selfTrail: service.trail, onFault }),
    ...createAwsPlane({
      ...calls,
      registry: createOperationRegistry(isOpened ? operations.map(readOnlyOperation) : operations),
      selfTrail: service.trail,
      otherServices: [
        createKmsFront({ ...calls, keys: storage.keys, selfTrail: service.trail, onFault }),
        sns.service,
      ].map((other) => (isOpened ? refusedService(other) : other)),
      onFault,
      ...(configuration.throttle && { throttle: throttle(clocks) }),
      context: (caller, called) => ({
        caller,
        region: called,
        clocks: asked,
        history: service.history.reader,
        trails: service.trails,
        delivery: {
          status: (trailId, region) => ({
            ...service.delivery.status(trailId, region),
            ...service.digests.status(trailId, region),
            ...service.notifications.status(trailId, region),
          }),
        },
        signingKeys: parts.signingKeys,
        checkDestination,
        keys: storage.keyService,
        bucketRegion: async (bucket) => (await storage.buckets.headBucket(bucket)).region,
        topics: parts.publisher,
        regions: configuration.regions,
        leadingRegion: region,
      }),
    }),
    ...changing([
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
      importRoute({
        ...calls,
        importer,
        bodyBytesMax: configuration.intake.bodyBytesMax,
        spoolDirectory: paths.spool,
        accountsOf: ({ account: own, allAccounts }) => (allAccounts ? accounts.accountIds : new Set([own])),
        trail: service.trail,
        report,
      }),
      ...createS3Front({
        ...calls,
        stores,
        selfTrail: service.trail,
        random,
        now: clocks.domain,
        onFault,
      }),
      parts.queues.front({ ...calls, selfTrail: service.trail, onFault }),
    ]),
    reportsRoute({ ...calls, reports, trail: service.trail, onFault }),
    ...api.routes,
    ...checkpointRoutes({
      ...calls,
      signer: parts.signer,
      checkpoints,
      journal: storage.journal,
      history: service.history.reader,
      trail: service.trail,
      onFault,
    }),
    ...consoleRoutes(await readConsoleFiles(consoleDirectory)),
    ...signInRoutes({
      ...calls,
      sessions,
      session,
      throttle: createThrottle(clocks.monotonic),
      trail: service.trail,
      onFault,
    }),
    ...parts.clockRoutes,
  ]
  const { host, port, tls, trustedProxies } = configuration
  const http = await createHttpServer({ host, port, tls, trustedProxies, routes, random, onFault })
  closers.add(() => http.close(stopGraceMs))
  endpoint = configuration.publicUrl ?? http.url
  parts.topics.begin(endpoint)
  closers.add(() => parts.queues.endWaits())
  closers.add(() => api.close())
  closers.add(() => report({ kind: 'stopping', reason: 'closed' }))

  const info = { endpoint: http.url, region, account, testMode: mode.kind === 'test' }
  const socket = await openControlSocket({
    path: paths.controlSocket,
    routes: {
      ...administrationRoutes(accounts),
      ...bucketRoutes({
        administration: stores.administration,
        buckets: storage.embedded,
        checkPolicy: bucketPolicyFault,
        accountIds: accounts.accountIds,
        trail: service.trail,
        home: { account, region },
      }),
      ...backfillRoutes({
        backfill: service.backfill,
        trails: service.trails.all,
        regions: configuration.regions,
        trail: service.trail,
        home: { account, region },
      }),
      ...linkRoutes({ sessions, trail: service.trail, home: { account, region }, endpoint: () => endpoint }),
      '/server/info': async () => info,
    },
    onError: onFault,
  })
  closers.add(() => socket.close())
  const file = runningServerPath(mode, http.port)
  writeRunningServer(file, { ...info, pid: process.pid, controlSocket: paths.controlSocket })
  closers.add(() => removeRunningServer(file))
  const opened =
    isOpened &&
    createOpenedServer({ importer, accounts, account, regions: calls.regions, random, standAt: standing.standAt })
  return {
    endpoint: http.url,
    account,
    consoleLink: () => signInLink(endpoint, sessions),
    ...(opened && { opened }),
  }
}

function openSigningKeys({ control, keyRing }: Storage, { domain }: Clocks, report: Observer['report']): SigningKeys {
  const tell = (change: 'made' | 'destroyed') => (region: Region, fingerprint: string) =>
    report({ kind: 'signing-key', change, region, fingerprint })
  return createSigningKeys({
    control,
    keyRing,
    now: domain,
    events: { made: tell('made'), destroyed: tell('destroyed') },
  })
}

/** Where trails announce their files. */
function topicPublisher({ sns }: Configuration, topics: Topics, { wall }: Clocks, closers: Closers): TopicPublisher {
  if (!sns) return topics.publisher
  const remote = createRemoteTopicPublisher({ endpoint: sns.url, credentials: sns.credentials, wall })
  closers.add(() => remote.close())
  return remote
}

const topicEvents = (report: Observer['report']): TopicEvents => ({
  failed: (subscription, reason) => report({ kind: 'topic-delivery-failed', subscription, reason }),
  lost: (message) => report({ kind: 'topic-message-lost', ...message }),
  fault: (step, error) => report({ kind: 'job-failed', job: `topics: ${step}`, error }),
})

/** Test data goes with the server. */
async function temporaryDirectory(closers: Closers): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'opentrail-'))
  closers.add(() => rm(directory, { recursive: true, force: true }))
  return directory
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
  deliveryBacklog: () => service.delivery.backlogEntries(),
})
