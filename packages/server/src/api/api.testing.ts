import { admit, streamId, type AccountId, type Origin, type Region, type StreamId } from '@opentrail/core/event'
import { createSigV4Verifier, signRequest } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey, identityOf } from '../auth/sigv4.testing.ts'
import { systemClocks, systemRandom } from '../clock/index.ts'
import { createRefusalRecorder, type HttpServer } from '../http/index.ts'
import { auditorKey, fakeSelfTrail, home, producerKey, send, startServer, type Reply } from '../http/http.testing.ts'
import { createMemoryControlStore } from '../control/index.ts'
import { BucketError } from '../buckets/index.ts'
import { createCheckpoints, createCheckpointSigner, openLogKey } from '../checkpoints/index.ts'
import { fakeKeyRing } from '../signing-keys/signing-keys.testing.ts'
import { openStreamTrees } from '../stream-trees/index.ts'
import { createMemoryJournal } from '../journal/index.ts'
import { apiRoutes, type ApiParts } from './api-routes.ts'
import { createLiveStreams } from './live-streams.ts'
import { memorySearch } from './memory-search.testing.ts'
import { createPageCursors } from './page-cursors.ts'
import { createSeals } from './seals.ts'

export { auditorKey, exampleKey, home, producerKey }
export const everywhereKey = { accessKeyId: 'AKIDEVERYWHERE', secretAccessKey: 'everywhere-secret' }
export const otherAccount = '444455556666' as AccountId
export const regions = ['eu-west-1', 'us-east-1'] as const satisfies readonly string[]
/** Domain time of the tests. */
export const now = Date.UTC(2026, 10, 20, 12)

export interface TestEvent {
  readonly id?: string
  /** Seconds before now. */
  readonly ago?: number
  readonly account?: AccountId
  readonly region?: string
  readonly origin?: Origin
  /** Members of the record. */
  readonly record?: Readonly<Record<string, unknown>>
}

let made = 0

/** A record as a producer would send it, and its stream. */
export function recordOf({ id, ago = 0, account = home.account, region = home.region, record = {} }: TestEvent) {
  made += 1
  return {
    eventVersion: '1.11',
    userIdentity: {
      type: 'IAMUser',
      principalId: 'AIDAALICE',
      arn: `arn:aws:iam::${account}:user/alice`,
      accountId: account,
      accessKeyId: 'AKIAALICE00000000000',
      userName: 'alice',
    },
    eventTime: new Date(now - ago * 1_000).toISOString().replace('.000', ''),
    eventSource: 's3.amazonaws.com',
    eventName: 'DeleteBucket',
    awsRegion: region,
    sourceIPAddress: '192.0.2.1',
    userAgent: 'test',
    requestParameters: { bucketName: 'logs' },
    responseElements: null,
    eventID: id ?? `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`,
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    eventCategory: 'Management',
    recipientAccountId: account,
    ...record,
  }
}

/** The API on a socket, on doubles. */
export async function startApi(changes: (parts: ApiParts) => Partial<ApiParts> = () => ({})) {
  const trail = fakeSelfTrail()
  const journal = createMemoryJournal()
  const faults: unknown[] = []
  const onFault = (error: unknown) => void faults.push(error)
  const everywhere = credentialOf(everywhereKey)
  const credentials = credentialSource(
    credentialOf(exampleKey),
    credentialOf(auditorKey, 'auditor'),
    credentialOf(producerKey, 'producer'),
    {
      ...everywhere,
      principal: { ...everywhere.principal, arn: `arn:aws:iam::${home.account}:user/everywhere`, allAccounts: true },
    },
  )
  const seals = createSeals(new Uint8Array(32).fill(7), systemRandom, 'test')
  const control = createMemoryControlStore()
  const trees = await openStreamTrees({ journal, control, now: () => now, failed: (_, __, error) => onFault(error) })
  const signer = createCheckpointSigner(await openLogKey({ control, keyRing: fakeKeyRing(), now: () => 0 }), 'log')
  const live = createLiveStreams({ journal, heartbeatMs: 50 })
  const base = {
    journal,
    accountIds: new Set([home.account, otherAccount]),
    now: () => now,
    search: memorySearch(journal),
    control,
    trails: { ofAccount: () => [], versions: () => [] },
    delivery: { lanes: () => [] },
    buckets: { get: () => Promise.reject(new BucketError('NoSuchKey', 'no such key')) },
    signingKeys: { list: async () => [] },
    checkpoints: createCheckpoints({ journal, trees, signer }),
    verifierKey: signer.verifierKey,
    leadingRegion: 'us-east-1' as Region,
    cursors: createPageCursors(seals),
    seals,
    live,
    describeSession: ({ arn, userName, account, role }, region) => ({
      principal: { arn, userName, account, role },
      region,
      regions,
      accounts: [account],
      server: {
        version: '0',
        mode: 'test',
        now: new Date(now).toISOString(),
        historyDays: 90,
        endpoint: 'http://localhost',
      },
    }),
  } satisfies ApiParts
  const parts: ApiParts = { ...base, ...changes(base) }
  const routes = apiRoutes(parts, {
    verifier: createSigV4Verifier({ credential: (id) => credentials.accessKey(id), wall: () => systemClocks.wall() }),
    credentials,
    regions: new Set(regions),
    home,
    leadingRegion: home.region,
    refusals: createRefusalRecorder({ selfTrail: trail, random: systemRandom, ...home, onFault }),
    trail,
    onFault,
  })
  const { server } = await startServer({ routes, onFault })

  async function add(...events: readonly TestEvent[]): Promise<StreamId[]> {
    const streams: StreamId[] = []
    for (const event of events) {
      const { account = home.account, region = home.region, origin = 'producer' } = event
      const stream = streamId(account, region as Region)
      const admission = admit(
        Buffer.from(JSON.stringify(recordOf(event))),
        {
          now,
          account,
          region: region as Region,
          accounts: new Set([home.account, otherAccount]),
          regions: new Set(regions),
          principal: 'arn:aws:iam::111122223333:user/producer',
          origin,
          configVersion: 1,
        },
        () => ({ id: 'none', fromKey: false }),
      )
      if (!admission.ok) throw new Error(admission.refusal.message)
      await journal.append(stream, [admission.entry])
      streams.push(stream)
    }
    return streams
  }

  const call = (
    path: string,
    options: { key?: typeof exampleKey; body?: unknown; headers?: Record<string, string> } = {},
  ) => send(server, signed(server, path, options))
  const json = async <Answer>(path: string, options?: Parameters<typeof call>[1]): Promise<Answer> => {
    const reply = await call(path, options)
    if (reply.status !== 200) throw new Error(`${path}: ${reply.status} ${reply.text}`)
    return JSON.parse(reply.text) as Answer
  }
  const close = async () => {
    live.close()
    await server.close(0)
  }
  return { server, trail, journal, control, parts, faults, add, call, json, close }
}

export function signed(
  server: HttpServer,
  path: string,
  {
    key = exampleKey,
    body,
    headers = {},
  }: { key?: typeof exampleKey; body?: unknown; headers?: Record<string, string> },
) {
  const content = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body))
  const method = body === undefined ? 'GET' : 'POST'
  const sent = signRequest(
    { method, target: path, headers: { host: `${server.host}:${server.port}`, ...headers }, body: content },
    identityOf({ ...key, region: home.region, service: 'cloudtrail' }),
    Date.now(),
  )
  return { method, path, headers: sent, body: content }
}

export const codeOf = ({ status, text }: Reply): string =>
  `${status} ${(JSON.parse(text) as { __type: string }).__type}`
