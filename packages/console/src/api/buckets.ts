import { encode } from '../auth/sign-request.ts'
import type { ApiClient } from './client.ts'
import { ApiFailure, type FailureKind } from './failure.ts'

/** S3's protocol on the same port, path style: only buckets that are built in. */
export type BucketCaller = Pick<ApiClient, 'call'>

/** @throws {ApiFailure} */
export async function listBuckets(client: BucketCaller, signal?: AbortSignal): Promise<string[]> {
  const answer = await client.call({ method: 'GET', path: '/', service: 's3', failureOf: s3Failure }, signal)
  const names = new DOMParser().parseFromString(await answer.text(), 'text/xml').getElementsByTagName('Name')
  return Array.from(names, ({ textContent }) => textContent).sort()
}

/** In the client's Region. @throws {ApiFailure} BucketAlreadyExists, BucketAlreadyOwnedByYou */
export async function createBucket(client: BucketCaller, bucket: string, region: string): Promise<void> {
  // S3 wants every Region named but its first.
  const body =
    region === 'us-east-1'
      ? ''
      : `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`
  await client.call({ ...of(bucket), method: 'PUT', body, region })
}

/** Undefined: there is none. @throws {ApiFailure} */
export async function getBucketPolicy(client: BucketCaller, bucket: string): Promise<string | undefined> {
  try {
    return await (await client.call({ ...of(bucket), method: 'GET', parameters: { policy: '' } })).text()
  } catch (error) {
    if (error instanceof ApiFailure && error.code === 'NoSuchBucketPolicy') return undefined
    throw error
  }
}

/** @throws {ApiFailure} */
export async function putBucketPolicy(client: BucketCaller, bucket: string, policy: string): Promise<void> {
  await client.call({ ...of(bucket), method: 'PUT', parameters: { policy: '' }, body: policy })
}

/** The object's bytes as they are stored. @throws {ApiFailure} */
export async function getObject(
  client: BucketCaller,
  bucket: string,
  key: string,
  signal?: AbortSignal,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const path = `/${encode(bucket)}/${key.split('/').map(encode).join('/')}`
  const { body } = await client.call({ method: 'GET', path, service: 's3', failureOf: s3Failure }, signal)
  if (!body) throw new ApiFailure('unavailable', 'The answer is empty.')
  return body
}

const of = (bucket: string) => ({ path: `/${encode(bucket)}`, service: 's3' as const, failureOf: s3Failure })

const signedOutCodes = new Set(['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredToken', 'InvalidToken'])
const codeForm = /<Code>([^<]{1,100})<\/Code>/
const messageForm = /<Message>([^<]{1,2000})<\/Message>/

/** Reads S3's errors, which are XML. */
export function s3Failure(status: number, body: string, requestId: string | undefined): ApiFailure {
  const code = codeForm.exec(body)?.[1] ?? ''
  const message = unescape(messageForm.exec(body)?.[1] ?? `The server answered with status ${status}.`)
  return new ApiFailure(kindOf(status, code), message, { code, ...(requestId !== undefined && { requestId }) })
}

function kindOf(status: number, code: string): FailureKind {
  if (signedOutCodes.has(code)) return 'signed-out'
  if (status === 403) return 'denied'
  if (status === 404) return 'missing'
  if (code === 'SlowDown' || status === 429) return 'throttled'
  return status >= 500 ? 'unavailable' : 'invalid'
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
const unescape = (text: string): string =>
  text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => entities[name]!)
