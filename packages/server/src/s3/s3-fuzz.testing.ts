import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { createSigV4Verifier, signRequest, splitTarget } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey } from '../auth/sigv4.testing.ts'
import type { DirectoryBucketStore } from '../buckets/index.ts'
import { systemRandom } from '../clock/index.ts'
import { fuzzFront, type FuzzOptions } from '../http/front-fuzz.testing.ts'
import { fakeSelfTrail, home } from '../http/http.testing.ts'
import type { Answer, Exchange } from '../http/index.ts'
import { ApiError } from '../operations/index.ts'
import { createS3Front } from './s3-front.ts'
import { auditorKey, foreignKey, noon, producerKey } from './s3.testing.ts'
import { parseXml } from './xml-input.ts'

export interface S3FuzzOptions extends FuzzOptions {
  /** Inputs before everything starts afresh: what was made is held in memory. */
  readonly inputsPerStore?: number
  /** Opens a store; the last one is closed before. */
  readonly openStore: (now: () => number) => Promise<DirectoryBucketStore>
}

const inputsPerStoreDefault = 5_000

/**
 * Sends `inputs` requests, most of them valid but for a few changes, into the front. Each has to be answered once, in S3's form,
 * without a failure of ours. @throws with seed, number and request of the first other one. @returns how many answers had which code.
 */
export async function fuzzS3(options: S3FuzzOptions): Promise<Readonly<Record<string, number>>> {
  const { outcomes } = await fuzzFront(options, {
    inputsPerWorld: options.inputsPerStore ?? inputsPerStoreDefault,
    openWorld: () => openWorld(options),
    closeWorld: ({ store }) => store.close(),
    buildRequest,
    sendChecked,
  })
  return outcomes
}

interface World {
  readonly store: DirectoryBucketStore
  readonly handle: (exchange: Exchange) => Promise<void> | void
  readonly faults: unknown[]
  readonly calls: unknown[]
  /** Kept of what was answered, to be sent again. */
  readonly versions: string[]
  readonly uploads: string[]
}

const keys = [exampleKey, auditorKey, producerKey, foreignKey]

async function openWorld({ openStore }: S3FuzzOptions): Promise<World> {
  const store = await openStore(() => noon)
  for (const name of ['logs', 'versions', 'locked'])
    await store.createBucket(name, { owner: home.account, region: home.region })
  await store.createBucket('foreign', { owner: '999999999999', region: home.region })
  for (const name of ['versions', 'locked'])
    await store.objects.changeSettings(name, (settings) => ({
      ...settings,
      versioning: 'Enabled',
      ...(name === 'locked' && { objectLock: {} }),
    }))
  const selfTrail = fakeSelfTrail()
  const faults: unknown[] = []
  const source = credentialSource(
    credentialOf(exampleKey),
    credentialOf(auditorKey, 'auditor'),
    credentialOf(producerKey, 'producer'),
    credentialOf(foreignKey),
  )
  const [signedRoute, anyRoute] = createS3Front({
    stores: { objects: store.objects, administration: store },
    verifier: createSigV4Verifier({ credential: (id) => source.accessKey(id), wall: () => Date.now() }),
    credentials: source,
    regions: new Set([home.region, 'us-east-1']),
    selfTrail,
    refusals: { record: async () => {}, flush: async () => {}, close: async () => {} },
    home,
    random: systemRandom,
    now: () => noon,
    onFault: (error) => faults.push(error),
  })
  const handle = (exchange: Exchange) =>
    signedRoute!.claims!(exchange.wire) ? signedRoute!.handle(exchange) : anyRoute!.handle(exchange)
  return { store, handle, faults, calls: selfTrail.calls, versions: [], uploads: [] }
}

type Next = () => number
const pick = <T>(next: Next, list: readonly T[]): T => list[Math.floor(next() * list.length)]!

interface FuzzRequest {
  readonly method: string
  readonly target: string
  readonly headers: Record<string, string>
  readonly body: Buffer
}

const names = ['logs', 'versions', 'locked', 'foreign', 'new-one', 'nowhere', '..', '.', '%2e%2e', 'x', 'A_B', '']
const objectKeys = [
  'a',
  'a/b',
  'a/../../etc/passwd',
  '..',
  '../../../x',
  '%2e%2e%2f%2e%2e%2fx',
  '%00',
  'a%00b',
  '/etc/passwd',
  '//',
  '%ff%fe',
  '%ef%bb%bf',
  '%f0%9f%98%80',
  '%e2%80%ae',
  'C:%5cx',
  'x'.repeat(1_024),
  'x'.repeat(1_025),
  '%3cscript%3e',
  '%0d%0ax-evil:1',
]
const parameters = `
  acl attributes cors delete encryption legal-hold lifecycle list-type=2 location logging object-lock
  ownershipControls partNumber=1 policy policyStatus publicAccessBlock retention tagging uploads versioning
  versions website prefix=a delimiter=/ max-keys=2 marker=a encoding-type=url response-content-type=a%0d%0ab
  versionId=null continuation-token=YQ key-marker=a max-keys=-1 version-id-marker=null upload-id-marker=x
  max-parts=1 part-number-marker=1
`
  .trim()
  .split(/\s+/)
const bodies = [
  '<Delete><Object><Key>a</Key></Object><Object><Key>..</Key><VersionId>null</VersionId></Object></Delete>',
  '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
  '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  '<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>',
  '<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2026-04-04T00:00:00Z</RetainUntilDate></Retention>',
  '<LegalHold><Status>ON</Status></LegalHold>',
  '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>',
  '<LifecycleConfiguration><Rule><ID>a</ID><Filter><Prefix>a</Prefix></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>',
  '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>',
  '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>',
  '<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>',
  '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"9dd4e461268c8034f5c8564e155c67a6"</ETag></Part></CompleteMultipartUpload>',
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"s3:*","Resource":"arn:aws:s3:::logs/*"}]}',
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}]}',
  'x',
  '',
  'x'.repeat(70_000),
]
const headerLines: readonly (readonly [string, string])[] = [
  ['range', 'bytes=0-0'],
  ['range', 'bytes=-1'],
  ['if-match', '*'],
  ['if-none-match', '*'],
  ['if-modified-since', 'Wed, 04 Mar 2026 12:00:00 GMT'],
  ['x-amz-copy-source', '/logs/a'],
  ['x-amz-copy-source', 'versions/a%2fb?versionId=null'],
  ['x-amz-copy-source', '../../etc/passwd'],
  ['x-amz-copy-source-range', 'bytes=0-0'],
  ['x-amz-metadata-directive', 'REPLACE'],
  ['x-amz-tagging', 'a=b&c=%20'],
  ['x-amz-meta-a', 'b'],
  ['x-amz-meta-..', '../..'],
  ['x-amz-server-side-encryption', 'AES256'],
  ['x-amz-server-side-encryption', 'aws:kms:dsse'],
  ['x-amz-storage-class', 'STANDARD'],
  ['x-amz-acl', 'private'],
  ['x-amz-object-lock-mode', 'GOVERNANCE'],
  ['x-amz-object-lock-retain-until-date', '2026-05-01T00:00:00Z'],
  ['x-amz-object-lock-legal-hold', 'ON'],
  ['x-amz-bypass-governance-retention', 'true'],
  ['x-amz-bucket-object-lock-enabled', 'true'],
  ['x-amz-checksum-algorithm', 'CRC32'],
  ['x-amz-checksum-crc32', 'AAAAAA=='],
  ['x-amz-checksum-mode', 'ENABLED'],
  ['x-amz-object-attributes', 'ETag,ObjectSize,Checksum,ObjectParts'],
  ['x-amz-expected-bucket-owner', home.account],
  ['content-type', 'text/plain'],
  ['content-encoding', 'aws-chunked,gzip'],
  ['x-amz-trailer', 'x-amz-checksum-crc32'],
  ['x-amz-decoded-content-length', '1'],
]

function buildRequest(next: Next, world: World): FuzzRequest {
  const method = pick(next, ['GET', 'GET', 'PUT', 'PUT', 'PUT', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'])
  const isOnObject = next() < 0.6
  const path = `/${pick(next, next() < 0.8 ? names.slice(0, 4) : names)}${isOnObject ? `/${pick(next, next() < 0.6 ? objectKeys.slice(0, 2) : objectKeys)}` : ''}`
  const query = Array.from({ length: pick(next, [0, 0, 1, 1, 1, 2, 3]) }, () => parameterOf(next, world)).join('&')
  const target = query === '' ? path : `${path}?${query}`
  const chosen = next() < 0.7 ? pick(next, bodies) : ''
  const body = next() < 0.15 ? changeBytes(next, Buffer.from(chosen)) : Buffer.from(chosen)
  const headers: Record<string, string> = { host: pick(next, ['s3.test', 's3.test', 'logs.localhost', 'localhost:1']) }
  for (let count = pick(next, [0, 0, 1, 1, 2, 4]); count > 0; count--) {
    const [name, value] = pick(next, headerLines)
    headers[name] = next() < 0.1 ? printable(changeBytes(next, Buffer.from(value))) : value
  }
  if (next() < 0.3) headers['content-md5'] = createHash('md5').update(body).digest('base64')
  const isChanged = next() < 0.03
  const aim = isChanged ? `/${printable(changeBytes(next, Buffer.from(target.slice(1))))}` : target
  return { method, target: aim, headers: signedHeaders(next, method, aim, headers, body), body }
}

function parameterOf(next: Next, { versions, uploads }: World): string {
  const roll = next()
  if (roll < 0.1 && versions.length > 0) return `versionId=${pick(next, versions)}`
  if (roll < 0.3 && uploads.length > 0)
    return `uploadId=${pick(next, uploads)}&partNumber=${pick(next, ['1', '2', '0', 'x'])}`
  return pick(next, parameters)
}

function signedHeaders(
  next: Next,
  method: string,
  target: string,
  headers: Record<string, string>,
  body: Buffer,
): Record<string, string> {
  const sized = { ...headers, ...(next() < 0.98 && { 'content-length': String(body.length) }) }
  if (next() < 0.05) return sized
  const key = next() < 0.75 ? exampleKey : pick(next, keys)
  const scope = {
    region: pick(next, [home.region, home.region, 'us-east-1']),
    service: 's3',
    pathStyle: 'verbatim',
  } as const
  const signed = signRequest({ method, target, headers: sized, body }, { ...key, ...scope }, Date.now())
  if (next() < 0.02) signed['authorization'] = printable(changeBytes(next, Buffer.from(signed['authorization']!)))
  return signed
}

function changeBytes(next: Next, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes)
  for (let count = 1 + Math.floor(next() * 3); count > 0 && changed.length > 0; count--)
    changed[Math.floor(next() * changed.length)] = Math.floor(next() * 256)
  return next() < 0.3 ? changed.subarray(0, Math.floor(next() * changed.length)) : changed
}

/** As a header or a request line may hold it: Node.js lets nothing else in. */
const printable = (bytes: Buffer): string => bytes.toString('latin1').replace(/[^\x21-\x7e\x80-\xff]/g, '~')

function exchangeOf({ method, target, headers, body }: FuzzRequest, answers: Answer[]): Exchange {
  const { path, query } = splitTarget(target)
  const incoming = {
    headers,
    headersDistinct: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
  }
  return {
    wire: { method, target, rawHeaders: Object.entries(headers).flat() },
    path,
    query,
    requestId: '00000000-0000-4000-8000-000000000000',
    sourceIPAddress: '192.0.2.1',
    userAgent: 'fuzz',
    signal: new AbortController().signal,
    header: (name) => headers[name],
    async readBody(bytesMax = 1_048_576) {
      if (body.length > bytesMax) throw new ApiError('RequestEntityTooLargeException', 'too large', { status: 413 })
      return body
    },
    bodyStream: () => Readable.from(body.length === 0 ? [] : [body]),
    respond: (answer) => void answers.push(answer),
    get answered() {
      return answers.length > 0
    },
    incoming: incoming as unknown as IncomingMessage,
    outgoing: { destroyed: false, headersSent: false } as unknown as ServerResponse,
  }
}

const statuses = new Set([200, 204, 206, 304, 400, 403, 404, 405, 409, 411, 412, 416, 501])

async function sendChecked(world: World, request: FuzzRequest): Promise<string> {
  const answers: Answer[] = []
  await world.handle(exchangeOf(request, answers))
  assert.equal(world.faults.length, 0, String(world.faults[0]))
  assert.equal(answers.length, 1, `${answers.length} answers`)
  const { status, headers = {}, body = '' } = answers[0]!
  assert.ok(statuses.has(status), `status ${status}: ${String(body)}`)
  for (const [name, value] of Object.entries(headers)) assert.match(`${name}: ${value}`, /^[\x20-\x7e\t]*$/)
  if (headers['x-amz-version-id']) world.versions.push(headers['x-amz-version-id'])
  const text = Buffer.from(body).toString()
  const [, upload] = /<UploadId>([0-9a-f]{32})</.exec(text) ?? []
  if (upload !== undefined) world.uploads.push(upload)
  for (const list of [world.versions, world.uploads]) if (list.length > 50) list.shift()
  if (world.calls.length > 1_000) world.calls.splice(0, 900)
  if (status < 400 || headers['x-amzn-ErrorType']) return String(status)
  if (request.method === 'HEAD') return `HEAD ${status}`
  const error = parseXml(Buffer.from(body))
  assert.equal(error.name, 'Error')
  const code = error.children.find(({ name }) => name === 'Code')?.text ?? ''
  assert.match(code, /^[A-Za-z0-9.]+$/)
  assert.notEqual(code, 'InternalError')
  return code
}
