import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { ApiAnswer, ApiEvent, ApiEventDetail } from '@opentrail/core/api'
import { encodeVerifierKey, formatCheckpoint, signNote } from '@opentrail/core/checkpoint'
import { admit, streamId, type AccountId, type Region } from '@opentrail/core/event'
import { inclusionProof, leafHash } from '@opentrail/core/merkle'
import { signerOf } from '../../packages/core/src/checkpoint/checkpoint.testing.ts'
import { builtTree, hex, naiveTree } from '../../packages/core/src/merkle/naive-merkle.testing.ts'
import { apiEvent } from '../../packages/server/src/api/event-view.ts'
import { liveOperation } from '../../packages/server/src/api/live-operation.ts'
import { createLiveStreams } from '../../packages/server/src/api/live-streams.ts'
import { memorySearch } from '../../packages/server/src/api/memory-search.testing.ts'
import { operationRoute } from '../../packages/server/src/api/operation.ts'
import { createPageCursors } from '../../packages/server/src/api/page-cursors.ts'
import { createSeals } from '../../packages/server/src/api/seals.ts'
import {
  eventsOperation,
  histogramOperation,
  valuesOperation,
} from '../../packages/server/src/api/search-operations.ts'
import { sessionOperation } from '../../packages/server/src/api/session-operation.ts'
import { createSigV4Verifier } from '../../packages/server/src/auth/index.ts'
import { credentialOf, credentialSource, exampleKey } from '../../packages/server/src/auth/sigv4.testing.ts'
import { tellStory } from '../../packages/server/src/cli/demo/story.ts'
import { systemClocks, systemRandom } from '../../packages/server/src/clock/index.ts'
import {
  consoleRoutes,
  createConsoleSessions,
  createSessionDescription,
  readConsoleFiles,
  signInLink,
  signInRoutes,
  withSessions,
} from '../../packages/server/src/console/index.ts'
import {
  createRefusalRecorder,
  createThrottle,
  type Exchange,
  type Route,
} from '../../packages/server/src/http/index.ts'
import { fakeSelfTrail, home, startServer } from '../../packages/server/src/http/http.testing.ts'
import { createMemoryJournal } from '../../packages/server/src/journal/index.ts'

export { exampleKey }

const wall = () => systemClocks.wall()
const regions = ['eu-west-1', 'us-east-1'] as const satisfies readonly string[]
const console = fileURLToPath(new URL('../../packages/console/dist/', import.meta.url))

/** The console as it was built, on the server's own routes over doubles in memory, with an hour of activity that ended just now. */
export async function startConsole() {
  const trail = fakeSelfTrail()
  const journal = createMemoryJournal()
  const faults: unknown[] = []
  const onFault = (error: unknown) => void faults.push(error)
  const user = credentialOf(exampleKey)
  const { accessKeyId: _, ...administrator } = user.principal
  const sessions = createConsoleSessions({ random: systemRandom, wall, administrator: () => administrator })
  const credentials = withSessions(credentialSource(user), sessions)
  const describeSession = createSessionDescription({
    sessions,
    regions: regions.map((region) => region as Region),
    mode: 'production',
    now: wall,
    endpoint: () => server.url,
  })
  const calls = {
    verifier: createSigV4Verifier({ credential: credentials.accessKey, wall }),
    credentials,
    regions: new Set<string>(regions),
    home,
    leadingRegion: home.region,
    refusals: createRefusalRecorder({ selfTrail: trail, random: systemRandom, ...home, onFault }),
    trail,
    onFault,
  }
  const seals = createSeals(new Uint8Array(32).fill(7), systemRandom, 'test')
  const live = createLiveStreams({ journal })
  const search = memorySearch(journal)
  const cursors = createPageCursors(seals)
  const accountIds = new Set([home.account])
  /** Requests below a path are answered with this instead. */
  const broken = new Map<string, { readonly status: number; readonly code: string; readonly message: string }>()
  const parts = { journal, accountIds, now: wall, search, cursors, seals, live, describeSession }
  const operations = [
    sessionOperation(parts),
    eventsOperation(parts),
    histogramOperation(parts),
    valuesOperation(parts),
    liveOperation(parts),
  ]
  const routes: Route[] = [
    { method: '*', path: 'broken', claims: ({ target }) => find(broken, target) !== undefined, handle: refuse },
    ...consoleRoutes(await readConsoleFiles(console)),
    ...signInRoutes({
      ...calls,
      sessions,
      session: describeSession,
      throttle: createThrottle(() => performance.now()),
    }),
    ...operations.map((operation) => operationRoute(operation, calls)),
    { method: 'GET', path: '/api/v1/events/', match: 'prefix', handle: answerDetail },
    { method: 'POST', path: '/api/v1/ask', handle: answerQuestion },
  ]
  const { server } = await startServer({ routes, onFault })

  function refuse(exchange: Exchange): void {
    const { status, code, message } = find(broken, exchange.wire.target)!
    exchange.respond({ status, body: JSON.stringify({ __type: code, Message: message }) })
  }

  /** Everything that was recorded, oldest first. */
  async function allEvents(): Promise<ApiEvent[]> {
    const pages = await Promise.all(journal.streams().map(({ stream }) => journal.read(stream, 0, 1_000_000)))
    return pages.flatMap(({ entries }) => entries.map(apiEvent))
  }

  async function answerDetail(exchange: Exchange): Promise<void> {
    const id = decodeURIComponent(exchange.path.slice('/api/v1/events/'.length))
    const event = (await allEvents()).find(({ eventId }) => eventId === id)
    if (!event) return refuseAsMissing(exchange)
    const { entries } = await journal.read(
      streamId(event.place.account as AccountId, event.place.region as Region),
      0,
      1e6,
    )
    const leaves = entries.map(({ record }) => leafHash(createHash('sha256').update(record).digest()))
    answerJson(exchange, await detailOf(event, leaves))
  }

  async function answerQuestion(exchange: Exchange): Promise<void> {
    const { question } = JSON.parse((await exchange.readBody()).toString()) as { question: string }
    const events = (await allEvents()).filter(({ username }) => question.includes(username ?? '?')).slice(-5)
    const sentence =
      events.length === 0 ? `Nothing was found for ${question}.` : `${events.length} events of ${question}.`
    answerJson(exchange, {
      sentence,
      where: `username = "${question}"`,
      events,
      understood: 'identity',
    } satisfies ApiAnswer)
  }

  async function add(...records: readonly object[]): Promise<void> {
    for (const record of records) {
      const { awsRegion = home.region } = record as { awsRegion?: Region }
      const admission = admit(
        Buffer.from(JSON.stringify(record)),
        {
          now: wall(),
          account: home.account,
          region: awsRegion,
          accounts: new Set([home.account]),
          regions: new Set(regions),
          principal: `arn:aws:iam::${home.account}:user/producer`,
          origin: 'producer',
          configVersion: 1,
        },
        () => ({ id: 'none', fromKey: false }),
      )
      if (!admission.ok) throw new Error(admission.refusal.message)
      await journal.append(streamId(home.account, awsRegion), [admission.entry])
    }
  }

  await add(
    ...tellStory({
      account: home.account,
      region: home.region,
      leadingRegion: home.region,
      otherRegion: 'us-east-1',
      seed: 1,
      end: wall(),
    }),
  )
  return {
    url: server.url,
    link: () => signInLink(server.url, sessions),
    /** Ends all sessions, as a server that was started anew. */
    forget: () => {
      for (const { identity } of trail.calls) if (identity.kind === 'user') sessions.end(identity.principal.accessKeyId)
    },
    add,
    allEvents,
    broken,
    trail,
    faults,
    async close() {
      live.close()
      await server.close(0)
    },
  }
}

const find = <Value>(broken: ReadonlyMap<string, Value>, target: string): Value | undefined =>
  [...broken].find(([path]) => target.startsWith(path))?.[1]

function answerJson(exchange: Exchange, value: object): void {
  exchange.respond({ status: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) })
}

const refuseAsMissing = (exchange: Exchange): void =>
  exchange.respond({
    status: 404,
    body: JSON.stringify({ __type: 'EventNotFoundException', Message: 'There is no such event.' }),
  })

async function detailOf(event: ApiEvent, leaves: readonly Uint8Array[]): Promise<ApiEventDetail> {
  const origin = `log.example/${event.place.account}/${event.place.region}`
  const signer = signerOf(origin)
  const size = leaves.length
  const index = event.place.sequence - 1
  const root = naiveTree(leaves).root(size)
  return {
    event,
    recordedBy: `arn:aws:iam::${home.account}:user/producer`,
    trails: [
      {
        trailArn: `arn:aws:cloudtrail:${home.region}:${home.account}:trail/main`,
        selected: true,
        why: 'The trail takes all management events.',
        state: 'delivered',
        file: {
          bucket: 'opentrail-logs',
          key: `AWSLogs/${home.account}/CloudTrail/${home.region}/2026/11/21/file.json.gz`,
          sha256: '0'.repeat(64),
          deliveredAt: event.place.admittedAt,
        },
      },
      {
        trailArn: `arn:aws:cloudtrail:${home.region}:${home.account}:trail/data-only`,
        selected: false,
        why: 'The trail takes data events only.',
        state: 'not-selected',
      },
    ],
    proof: {
      origin,
      leafIndex: index,
      leafHash: hex(leaves[index]!),
      treeSize: size,
      rootHash: hex(root),
      path: (await inclusionProof(size, index, builtTree(leaves).nodes)).map(hex),
      checkpoint: signNote(formatCheckpoint({ origin, size, root }), [signer]),
      verifierKey: encodeVerifierKey(signer.key),
    },
  }
}
