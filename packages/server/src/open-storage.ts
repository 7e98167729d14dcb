import type { AccountId, Region } from '@opentrail/core/event'
import { cloudTrailBucketPolicy } from '@opentrail/core/policy'
import { partitionOf } from '@opentrail/core/trail'
import {
  bucketPolicyFault,
  createBucketRouter,
  createLetsDeliver,
  createObjectKeys,
  createS3BucketStore,
  destinationOf,
  guardDeliveries,
  openDirectoryBucketStore,
  policyTemplateBuckets,
  templateBucketName,
  withFixedBuckets,
  type BucketRouter,
  type DirectoryBucketStore,
} from './buckets/index.ts'
import { systemRandom, type Clocks } from './clock/index.ts'
import type { Configuration } from './config/index.ts'
import { openLmdbControlStore, type ControlStore } from './control/index.ts'
import { openDataDirectory, type DataPaths } from './data-directory/index.ts'
import { createContentBuilder, openDirectorySpool, type ContentBuilder, type DeliverySpool } from './delivery/index.ts'
import { createNodeDisk } from './disk/index.ts'
import { startEngine, type Engine, type EngineEvent } from './engine/index.ts'
import { createCachedPostingsStore, openClickHousePostingsStore, type PostingsStore } from './history/index.ts'
import { createWorkerSealer, openSegmentJournal, type Journal } from './journal/index.ts'
import { openKeyRing, type KeyRing, type RootKeySource } from './keyring/index.ts'
import {
  createBuiltInKeyService,
  createKmsClient,
  createRemoteKeyService,
  openBuiltInKeys,
  type BuiltInKeys,
  type KeyService,
} from './kms/index.ts'
import type { ServerEvent } from './observability/index.ts'
import type { Closers } from './process/index.ts'

/** Everything that keeps something: the embedded column of the architecture's table of ports. */
export interface Storage {
  readonly paths: DataPaths
  readonly control: ControlStore
  readonly keyRing: KeyRing
  /** Of the built-in KMS. */
  readonly keys: BuiltInKeys
  /** What encrypts log files: the built-in keys, or those of the KMS that the configuration names. */
  readonly keyService: KeyService
  readonly journal: Journal
  readonly engine: Engine
  readonly postings: PostingsStore
  /** The buckets in the data directory. */
  readonly embedded: DirectoryBucketStore
  /** All buckets: those, and the ones that the configuration gives to other stores. */
  readonly buckets: BucketRouter
  readonly content: ContentBuilder
  readonly spool: DeliverySpool
}

export interface StorageOptions {
  readonly configuration: Configuration
  /** The data directory. */
  readonly directory: string
  readonly clocks: Clocks
  readonly report: (event: ServerEvent) => void
  readonly closers: Closers
}

/** The bucket that the first start makes. */
export const defaultBucket = 'opentrail-logs'

/** What is opened is given to `closers` at once, whatever else fails. @throws what stands in the way, in plain words. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { configuration, directory, clocks, closers } = options
  const data = await openDataDirectory(directory)
  closers.add(() => data.close())
  const { paths } = data
  const control = openLmdbControlStore(paths.control)
  closers.add(() => control.close())
  const source = rootKeySource(configuration, paths.rootKey)
  const keyRing = await openKeyRing({ control, source, random: systemRandom, now: clocks.domain })
  const keys = await openBuiltInKeys({ control, keyRing, random: systemRandom, now: clocks.domain })
  const keyService = openKeyService(options, keys)
  // Journal and engine take half a second each and do not need one another. Whichever opens is closed, whatever the other does.
  const opening = openJournal(options, paths, keyRing)
  const starting = startHistoryEngine(options, paths)
  const making = openBuckets(options, paths, keyRing, keyService)
  await Promise.allSettled([opening, starting, making])
  const [journal, engine, { embedded, buckets }] = await Promise.all([opening, starting, making])
  const postings = createCachedPostingsStore(await openClickHousePostingsStore({ client: engine.client }))
  const content = createContentBuilder({ journal })
  closers.add(() => content.close())
  const spool = await openDirectorySpool(paths.deliverySpool)
  return { paths, control, keyRing, keys, keyService, journal, engine, postings, embedded, buckets, content, spool }
}

function openKeyService({ configuration, clocks, closers }: StorageOptions, keys: BuiltInKeys): KeyService {
  const { kms } = configuration
  if (!kms) return createBuiltInKeyService(keys)
  const client = createKmsClient({ endpoint: kms.url, credentials: kms.credentials, wall: clocks.wall })
  closers.add(async () => client.close())
  return createRemoteKeyService(client)
}

async function openJournal(options: StorageOptions, paths: DataPaths, keyRing: KeyRing): Promise<Journal> {
  const { configuration, report, closers } = options
  const sealer = createWorkerSealer()
  closers.add(() => sealer.close())
  const { journal, opened } = await openSegmentJournal({
    disk: createNodeDisk(),
    directory: paths.journal,
    cipher: keyRing.cipher,
    sealer,
    bytesMax: configuration.journal.bytesMax,
    onFault: (message, error) => report({ kind: 'journal', message, error }),
  })
  closers.add(() => journal.close())
  if (opened.tornBytesCut > 0) report({ kind: 'journal-tail-cut', bytes: opened.tornBytesCut })
  return journal
}

async function startHistoryEngine(
  { configuration, report, closers }: StorageOptions,
  paths: DataPaths,
): Promise<Engine> {
  const { memoryBytesMax } = configuration.engine
  const onEvent = (event: EngineEvent): void => {
    const { kind, ...details } = event
    report({ kind: 'engine', message: `${kind} ${JSON.stringify(details)}`, restarted: kind === 'exited' })
  }
  const engine = await startEngine({ directory: paths.history, memoryBytesMax, onEvent })
  closers.add(() => engine.close())
  return engine
}

async function openBuckets(
  { configuration, clocks, closers }: StorageOptions,
  paths: DataPaths,
  keyRing: KeyRing,
  keyService: KeyService,
): Promise<Pick<Storage, 'embedded' | 'buckets'>> {
  const letsDeliver = createLetsDeliver()
  const embedded = await openDirectoryBucketStore({
    directory: paths.buckets,
    now: clocks.domain,
    keys: createObjectKeys({ cipher: keyRing.cipher, indexKey: keyRing.derive('bucket index'), keys: keyService }),
    checkPolicy: bucketPolicyFault,
    mayPut({ policy, ...object }) {
      const destination = destinationOf(object)
      return destination !== undefined && letsDeliver(policy, destination)
    },
  })
  const remote = configuration.buckets.map(({ name, checkPolicy, ...settings }) => {
    const store = createS3BucketStore(settings)
    return { bucket: name, checkPolicy, store: checkPolicy ? guardDeliveries(store, clocks.domain) : store }
  })
  const buckets = createBucketRouter({ embedded, remote })
  closers.add(() => buckets.close())
  return { embedded, buckets }
}

/**
 * Where the store is new, makes its first bucket, in which the trails of every account may deliver under any prefix: it
 * belongs to this deployment alone.
 */
export async function makeDefaultBucket(
  embedded: DirectoryBucketStore,
  owner: AccountId,
  region: Region,
): Promise<void> {
  if (!embedded.isNew) return
  const options = { partition: partitionOf(region), bucket: defaultBucket }
  const standard = JSON.parse(cloudTrailBucketPolicy({ ...options, accounts: ['*'] })) as BucketPolicy
  const underAnyPrefix = `arn:${options.partition}:s3:::${defaultBucket}/*/AWSLogs/*`
  const statements = standard.Statement.map((statement) =>
    statement.Action === 's3:PutObject' ? { ...statement, Resource: [statement.Resource, underAnyPrefix] } : statement,
  )
  const policy = JSON.stringify({ ...standard, Statement: statements })
  await embedded.createBucket(defaultBucket, { owner, region, policy })
}

/**
 * The embedded store as its users see it: with the buckets beside it that hold CloudTrail's policy templates. One of that name
 * that an earlier version let somebody make is left as it is, and told of.
 */
export async function addPolicyTemplates(
  embedded: DirectoryBucketStore,
  {
    owner,
    regions,
    report,
  }: { readonly owner: AccountId; readonly regions: readonly Region[] } & Pick<StorageOptions, 'report'>,
) {
  const existing = (await embedded.listBuckets()).map(({ name }) => name)
  for (const bucket of regions.map(templateBucketName).filter((name) => existing.includes(name)))
    report({ kind: 'policy-templates-shadowed', bucket })
  return withFixedBuckets(
    { objects: embedded.objects, administration: embedded },
    policyTemplateBuckets({ owner, regions, existing }),
  )
}

interface BucketPolicy {
  readonly Statement: readonly { readonly Action: string; readonly Resource: string }[]
}

function rootKeySource({ rootKey }: Configuration, generated: string): RootKeySource {
  if (rootKey.kind === 'generated') return { kind: 'generated', path: generated }
  if (rootKey.kind === 'environment') return { ...rootKey, value: process.env[rootKey.variable] }
  return rootKey
}
