import { S3Client } from '@aws-sdk/client-s3'
import { createSigV4Verifier, signRequest, type SigningCredential } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey } from '../auth/sigv4.testing.ts'
import { bucketPolicyFault, openMemoryObjectStore, type BucketError, type VersionAttributes } from '../buckets/index.ts'
import { createTestKeys } from '../buckets/object-keys.testing.ts'
import { systemClocks, systemRandom } from '../clock/index.ts'
import { createRefusalRecorder } from '../http/index.ts'
import { fakeSelfTrail, home, send, startServer, type Reply } from '../http/http.testing.ts'
import type { HttpServer, Route } from '../http/index.ts'
import type { S3Stores } from './s3-call.ts'
import { createS3Front, type S3FrontOptions } from './s3-front.ts'

export const noon = Date.parse('2026-03-04T12:00:00.789Z')
export const auditorKey = { accessKeyId: 'AKIDAUDITOR', secretAccessKey: 'auditor-secret' }
export const producerKey = { accessKeyId: 'AKIDPRODUCER', secretAccessKey: 'producer-secret' }
export const foreignKey = { accessKeyId: 'AKIDFOREIGN', secretAccessKey: 'foreign-secret' }
export const foreignAccount = '999999999999'
const foreigner = credentialOf(foreignKey)
const credentials: SigningCredential[] = [
  credentialOf(exampleKey),
  credentialOf(auditorKey, 'auditor'),
  credentialOf(producerKey, 'producer'),
  {
    ...foreigner,
    principal: {
      ...foreigner.principal,
      account: foreignAccount as typeof foreigner.principal.account,
      arn: `arn:aws:iam::${foreignAccount}:user/somebody`,
    },
  },
]

async function* once(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body
}

/** Buckets in memory whose objects cannot be opened when a test wants it. Parts may be of any size. */
export async function testBuckets(...names: string[]) {
  const state: { failing: BucketError | undefined; now: number } = { failing: undefined, now: noon }
  const store = await openMemoryObjectStore({
    now: () => state.now,
    keys: createTestKeys(),
    checkPolicy: bucketPolicyFault,
    partBytesMin: 1,
  })
  for (const name of names) {
    const owner = name === 'foreign' ? foreignAccount : home.account
    await store.createBucket(name, { owner, region: home.region })
  }
  const user = { kind: 'account', account: home.account, arn: `arn:aws:iam::${home.account}:root` } as const
  const stores: S3Stores = {
    administration: store,
    objects: {
      ...store.objects,
      async openObject(request) {
        if (state.failing) throw state.failing
        return store.objects.openObject(request)
      },
    },
  }
  return {
    store,
    stores,
    state,
    put: (bucket: string, key: string, body: string | Uint8Array = '', attributes: VersionAttributes = {}) =>
      store.objects.putObject({ bucket, key, user, ...attributes }, once(Buffer.from(body))),
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
    stores: buckets.stores,
    verifier: createSigV4Verifier({ credential: (id) => source.accessKey(id), wall: () => systemClocks.wall() }),
    credentials: source,
    regions: new Set(['eu-west-1', 'us-east-1']),
    selfTrail,
    refusals: createRefusalRecorder({ selfTrail, random: systemRandom, ...home, onFault }),
    home,
    random: systemRandom,
    now: () => buckets.state.now,
    onFault,
    ...options,
  })
  const { server } = await startServer({ routes: [...front, ...routes], onFault })
  return {
    server,
    selfTrail,
    faults,
    ...buckets,
    async [Symbol.asyncDispose]() {
      await server.close(0)
      await buckets.store.close()
    },
  }
}

export const sdkClient = (server: HttpServer, key = exampleKey, endpoint = server.url): S3Client =>
  new S3Client({ endpoint, region: 'eu-west-1', credentials: key, forcePathStyle: true, maxAttempts: 1 })

export interface SignedRequest {
  readonly method?: string
  readonly path: string
  readonly headers?: Record<string, string>
  readonly key?: typeof exampleKey
  readonly now?: number
  readonly body?: string | Uint8Array
  readonly region?: string
}

/** A signed request as written, for what no SDK sends. */
export function signed(server: HttpServer, request: SignedRequest): Promise<Reply> {
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
