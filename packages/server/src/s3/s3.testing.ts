import { S3Client } from '@aws-sdk/client-s3'
import { createSigV4Verifier, signRequest, type SigningCredential } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey } from '../auth/sigv4.testing.ts'
import { createMemoryBucketStore, type BucketError, type ObjectAttributes } from '../buckets/index.ts'
import { systemClocks, systemRandom } from '../clock/index.ts'
import { createRefusalRecorder } from '../http/index.ts'
import { fakeSelfTrail, home, send, startServer, type Reply } from '../http/http.testing.ts'
import type { HttpServer, Route } from '../http/index.ts'
import { createS3Front, type S3FrontOptions } from './s3-front.ts'

export const noon = Date.parse('2026-03-04T12:00:00.789Z')
export const auditorKey = { accessKeyId: 'AKIDAUDITOR', secretAccessKey: 'auditor-secret' }
export const producerKey = { accessKeyId: 'AKIDPRODUCER', secretAccessKey: 'producer-secret' }
const credentials: SigningCredential[] = [
  credentialOf(exampleKey),
  credentialOf(auditorKey, 'auditor'),
  credentialOf(producerKey, 'producer'),
]

/** Buckets in memory that count the listings they are asked for and fail when a test wants it. */
export async function testBuckets(...names: string[]) {
  const state: { listings: number; failing: BucketError | undefined } = { listings: 0, failing: undefined }
  const store = createMemoryBucketStore({
    now: () => noon,
    fault({ operation }) {
      if (operation === 'list') state.listings++
      if (operation === 'get' && state.failing) throw state.failing
    },
  })
  for (const name of names) {
    const owner = name === 'foreign' ? '999999999999' : home.account
    await store.createBucket(name, { owner, region: home.region })
  }
  const caller = { kind: 'owner' } as const
  return {
    store,
    state,
    put: (bucket: string, key: string, body: string | Uint8Array = '', attributes: ObjectAttributes = {}) =>
      store.put({ bucket, key, body: Buffer.from(body), caller, ...attributes }),
  }
}

/** A front on a socket: `logs` and `other-logs` are in the caller's account, `foreign` is in another one. */
export async function startFront(options: Partial<S3FrontOptions> = {}, routes: Route[] = []) {
  const selfTrail = fakeSelfTrail()
  const faults: unknown[] = []
  const onFault = (error: unknown) => faults.push(error)
  const buckets = await testBuckets('other-logs', 'logs', 'foreign')
  const source = credentialSource(...credentials)
  const front = createS3Front({
    buckets: buckets.store,
    owners: buckets.store,
    verifier: createSigV4Verifier({ credential: (id) => source.accessKey(id), wall: () => systemClocks.wall() }),
    credentials: source,
    regions: new Set(['eu-west-1', 'us-east-1']),
    selfTrail,
    refusals: createRefusalRecorder({ selfTrail, random: systemRandom, ...home, onFault }),
    home,
    random: systemRandom,
    onFault,
    ...options,
  })
  const { server } = await startServer({ routes: [front, ...routes], onFault })
  return {
    server,
    selfTrail,
    faults,
    ...buckets,
    [Symbol.asyncDispose]: () => server.close(0),
  }
}

export const sdkClient = (server: HttpServer, key = exampleKey, endpoint = server.url): S3Client =>
  new S3Client({ endpoint, region: 'eu-west-1', credentials: key, forcePathStyle: true, maxAttempts: 1 })

/** A signed request as written, for what no SDK sends. */
export function signed(
  server: HttpServer,
  request: {
    method?: string
    path: string
    headers?: Record<string, string>
    key?: typeof exampleKey
    now?: number
    body?: string
    region?: string
  },
): Promise<Reply> {
  const { method = 'GET', path, key = exampleKey, now = Date.now(), body, region = 'eu-west-1' } = request
  const headers = signRequest(
    {
      method,
      target: path,
      headers: { host: `${server.host}:${server.port}`, ...request.headers },
      ...(body !== undefined && { body: Buffer.from(body) }),
    },
    { ...key, region, service: 's3', pathStyle: 'verbatim' },
    now,
  )
  // Node sends a DELETE's body without saying so otherwise.
  const framed = body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) }
  return send(server, { method, path, headers: framed, ...(body !== undefined && { body }) })
}

export const codeOf = ({ text }: Reply): string | undefined => /<Code>(.*?)<\/Code>/.exec(text)?.[1]
