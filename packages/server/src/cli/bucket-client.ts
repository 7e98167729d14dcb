import type { IncomingMessage } from 'node:http'
import { signRequest } from '../auth/index.ts'
import { CommandError } from './command-error.ts'
import type { Connection } from './connection.ts'
import { programName, type CliContext } from './context.ts'
import { openRequest } from './http-stream.ts'
import { elements, elementText } from './xml-reader.ts'

export interface FoundBucket {
  readonly name: string
  /** As S3 writes it: ISO, with milliseconds. */
  readonly createdAt: string
}
export interface FoundObject {
  readonly key: string
  readonly size: number
  readonly lastModified: string
  readonly etag: string
}
export interface FoundPage {
  readonly objects: readonly FoundObject[]
  /** What the delimiter folded. */
  readonly prefixes: readonly string[]
  readonly nextToken?: string
}

/** Reads buckets over S3's protocol, signed. @throws {CommandError} */
export interface BucketClient {
  buckets(): Promise<FoundBucket[]>
  list(
    bucket: string,
    question: { readonly prefix: string; readonly delimiter?: string; readonly token?: string },
  ): Promise<FoundPage>
  /** The object's bytes as they are stored, nothing decoded. */
  open(bucket: string, key: string): Promise<IncomingMessage>
}

/** A page of 1,000 keys has 1.5 MB at most. */
const answerBytesMax = 16 * 1024 * 1024

export function createBucketClient(context: CliContext, connection: Connection): BucketClient {
  async function get(path: string, query: Readonly<Record<string, string>>): Promise<IncomingMessage> {
    const { host, origin } = new URL(connection.endpoint)
    const search = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`)
    const target = search.length === 0 ? path : `${path}?${search.join('&')}`
    const headers = signRequest(
      { method: 'GET', target, headers: { host, 'user-agent': 'opentrail-cli' } },
      { ...connection.credentials, region: connection.region, service: 's3', pathStyle: 'verbatim' },
      context.now(),
    )
    const answer = await openRequest({ origin, target, headers })
    if (answer.statusCode !== 200) throw refusal(answer.statusCode ?? 0, await readText(answer))
    return answer
  }

  return {
    async buckets() {
      const xml = await readText(await get('/', {}))
      return elements(xml, 'Bucket').map((bucket) => ({
        name: elementText(bucket, 'Name') ?? '',
        createdAt: elementText(bucket, 'CreationDate') ?? '',
      }))
    },
    async list(bucket, { prefix, delimiter, token }) {
      const query = {
        'list-type': '2',
        'encoding-type': 'url',
        ...(prefix !== '' && { prefix }),
        ...(delimiter !== undefined && { delimiter }),
        ...(token !== undefined && { 'continuation-token': token }),
      }
      return readPage(await readText(await get(`/${encode(bucket)}`, query)))
    },
    open: (bucket, key) => get(`/${encode(bucket)}/${key.split('/').map(encode).join('/')}`, {}),
  }
}

const encode = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

function readPage(xml: string): FoundPage {
  const isTruncated = elementText(xml, 'IsTruncated') === 'true'
  const token = elementText(xml, 'NextContinuationToken')
  return {
    objects: elements(xml, 'Contents').map((object) => ({
      key: decode(elementText(object, 'Key') ?? ''),
      size: Number(elementText(object, 'Size')),
      lastModified: elementText(object, 'LastModified') ?? '',
      etag: (elementText(object, 'ETag') ?? '').replace(/^"(.*)"$/, '$1'),
    })),
    prefixes: elements(xml, 'CommonPrefixes').map((folded) => decode(elementText(folded, 'Prefix') ?? '')),
    ...(isTruncated && token !== undefined && { nextToken: token }),
  }
}

/** Some servers write a space as a plus. */
function decode(urlEncoded: string): string {
  try {
    return decodeURIComponent(urlEncoded.replaceAll('+', ' '))
  } catch (cause) {
    throw new CommandError(`the server listed a key that cannot be read: ${urlEncoded.slice(0, 100)}`, { cause })
  }
}

async function readText(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      bytes += part.length
      if (bytes > answerBytesMax) throw new Error(`it is longer than ${answerBytesMax} bytes`)
      parts.push(part)
    }
  } catch (cause) {
    throw new CommandError(`the answer broke off: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  return Buffer.concat(parts).toString()
}

/** A server that does not speak S3 answers something else than XML. */
function refusal(status: number, xml: string): CommandError {
  const code = elementText(xml, 'Code')
  if (code === undefined)
    return new CommandError(`the server answered with status ${status}, and not as S3 does; is it an OpenTrail server?`)
  const message = elementText(xml, 'Message') ?? `status ${status}`
  return new CommandError(`${code}: ${message}${bucketAdvice(code)}`)
}

/** What helps with a refusal of S3's, on a line of its own. */
export function bucketAdvice(code: string): string {
  if (code === 'NoSuchBucket') return `\nSee which buckets there are with "${programName()} ls".`
  if (code === 'NoSuchKey') return `\nSee what is there with "${programName()} ls s3://BUCKET --recursive".`
  if (code === 'InvalidAccessKeyId')
    return `\nUse the key that "${programName()} env" prints, or create one with "${programName()} key create".`
  if (code === 'SignatureDoesNotMatch' || code === 'RequestTimeTooSkewed')
    return `\nThe secret access key is wrong, or the clocks differ by more than 15 minutes ("${programName()} doctor" compares them).`
  if (code === 'AccessDenied')
    return '\nAdministrators and auditors read the buckets of their own account; no other key can.'
  return ''
}
