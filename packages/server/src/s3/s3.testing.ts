import { createHash } from 'node:crypto'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { createSigV4Verifier, signRequest, type SigningCredential } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey } from '../auth/sigv4.testing.ts'
import { BucketError, type BucketStore, type NewObject, type ObjectHead } from '../buckets/index.ts'
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

type Stored = ObjectHead & { readonly body: Uint8Array }

/** Buckets that hold what a test puts in; it counts the listings it is asked for. */
export function fakeBuckets(...names: string[]) {
  const buckets = new Map(names.map((name) => [name, new Map<string, Stored>()]))
  const policies = new Map<string, string>()
  const open = (bucket: string) => {
    const objects = buckets.get(bucket)
    if (!objects) throw new BucketError('NoSuchBucket', 'no such bucket')
    return objects
  }
  const find = (bucket: string, key: string) => {
    const object = open(bucket).get(key)
    if (!object) throw new BucketError('NoSuchKey', 'no such key')
    return object
  }
  const state = { listings: 0, failing: undefined as Error | undefined }
  const store: BucketStore = {
    supportsConditionalPut: () => true,
    async headBucket(bucket) {
      open(bucket)
      return {}
    },
    async policy(bucket) {
      open(bucket)
      return policies.get(bucket)
    },
    put: () => Promise.reject(new Error('not used')),
    async get(bucket, key) {
      if (state.failing) throw state.failing
      return find(bucket, key)
    },
    async head(bucket, key) {
      return find(bucket, key)
    },
    async list(bucket, { prefix = '', after = '', limit = 1_000 }) {
      state.listings++
      const bytes = (text: string) => Buffer.from(text)
      const found = [...open(bucket).values()]
        .filter(({ key }) => key.startsWith(prefix) && Buffer.compare(bytes(key), bytes(after)) > 0)
        .sort((a, b) => Buffer.compare(bytes(a.key), bytes(b.key)))
      return { objects: found.slice(0, limit), isTruncated: found.length > limit }
    },
    close: () => Promise.resolve(),
  }
  return {
    store,
    state,
    policies,
    put(bucket: string, key: string, body: string | Uint8Array = '', attributes: Partial<NewObject> = {}) {
      const bytes = Buffer.from(body)
      const etag = createHash('md5').update(bytes).digest('hex')
      open(bucket).set(key, { key, body: bytes, size: bytes.length, etag, lastModified: noon, ...attributes })
    },
  }
}

/** A front on a socket: `logs` and `other-logs` are in the caller's account, `foreign` is in another one. */
export async function startFront(options: Partial<S3FrontOptions> = {}, routes: Route[] = []) {
  const selfTrail = fakeSelfTrail()
  const faults: unknown[] = []
  const onFault = (error: unknown) => faults.push(error)
  const fake = fakeBuckets('logs', 'other-logs', 'foreign')
  const ownerOf = (name: string) => (name === 'foreign' ? '999999999999' : home.account)
  const source = credentialSource(...credentials)
  const front = createS3Front({
    buckets: fake.store,
    owners: {
      listBuckets: async () =>
        ['other-logs', 'logs', 'foreign'].map((name) => ({ name, owner: ownerOf(name), createdAt: noon })),
    },
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
    ...fake,
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

export const getObject = (client: S3Client, Bucket: string, Key: string) =>
  client.send(new GetObjectCommand({ Bucket, Key }))

export const codeOf = ({ text }: Reply): string | undefined => /<Code>(.*?)<\/Code>/.exec(text)?.[1]
