import { setTimeout as delay } from 'node:timers/promises'
import { createSigner } from '../../auth/index.ts'
import { bucketAdvice } from '../bucket-client.ts'
import type { Credentials } from '../connection.ts'
import { elementText } from '../xml-reader.ts'
import { SourceError, type GetOptions } from './object-source.ts'
import { encodeSegment, s3Address } from './s3-address.ts'
import { createS3Http, ExchangeError, type HttpAnswer } from './s3-http.ts'

export interface S3ReaderOptions {
  /** Without it, AWS's own. */
  readonly endpoint?: string
  /** Where buckets are looked for first; a bucket that is elsewhere says so. */
  readonly region: string
  readonly credentials: Credentials
  /** Wall clock, ms. */
  readonly now: () => number
}

export interface S3Question {
  /** In the words of a message: `GetObject`. */
  readonly operation: string
  readonly bucket: string
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly options: GetOptions
}

/**
 * Signed GETs on S3's protocol, without the AWS SDK: loading that takes 0.2 s, as long as verifying a hundred log files, and it
 * reads a body before anybody can say that there is no room for it.
 */
export interface S3Reader {
  /** An answer of success; undefined: there is no such key. @throws {SourceError} */
  ask(question: S3Question): Promise<HttpAnswer | undefined>
  close(): void
}

/** A store that is overloaded or restarts is asked again, and then its answer counts. */
const attemptsMax = 3
const retryMs = 200
const transientStatuses = new Set([429, 500, 502, 503, 504])

export function createS3Reader({ endpoint, region, credentials, now }: S3ReaderOptions): S3Reader {
  const http = createS3Http()
  let isClosed = false
  /** Where it is not `region`. */
  const regions = new Map<string, string>()
  const signers = new Map<string, ReturnType<typeof createSigner>>()
  function signerOf(signedRegion: string): ReturnType<typeof createSigner> {
    const known = signers.get(signedRegion)
    const identity = { ...credentials, region: signedRegion, service: 's3', pathStyle: 'verbatim' } as const
    const signer = known ?? createSigner(identity)
    signers.set(signedRegion, signer)
    return signer
  }

  function send({ bucket, key, query = {}, options }: S3Question, signedRegion: string): Promise<HttpAnswer> {
    const { origin, path } = s3Address(endpoint, signedRegion, bucket)
    const search = Object.entries(query).map(([name, value]) => `${name}=${encodeSegment(value)}`)
    const name = key === undefined ? '' : `/${key.split('/').map(encodeSegment).join('/')}`
    const target = `${path}${name}${search.length > 0 ? `?${search.join('&')}` : ''}` || '/'
    const unsigned = { host: new URL(origin).host, 'user-agent': 'opentrail-cli' }
    const headers = signerOf(signedRegion)({ method: 'GET', target, headers: unsigned }, now())
    return http.get({ origin, target, headers, options })
  }

  /** Asks again where asking again may help. */
  async function persist(question: S3Question, signedRegion: string): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await send(question, signedRegion)
        if (!transientStatuses.has(answer.status) || attempt === attemptsMax) return answer
      } catch (error) {
        const isTransient = error instanceof ExchangeError && error.kind === 'connection-lost' && !isClosed
        if (!isTransient || attempt === attemptsMax) throw error
      }
      await delay(retryMs * 2 ** (attempt - 1) * (0.5 + Math.random()))
    }
  }

  const failure = (question: S3Question, text: string, code: string, cause?: unknown): SourceError => {
    const place = `s3://${question.bucket}${question.key === undefined ? '' : `/${question.key}`}`
    const line = tidy(`${question.operation} ${place}: ${text}`, credentials)
    return new SourceError(`${line}${bucketAdvice(code)}`, cause === undefined ? {} : { cause })
  }

  return {
    async ask(question) {
      const asked = regions.get(question.bucket) ?? region
      try {
        let answer = await persist(question, asked)
        const elsewhere = answer.status === 200 ? undefined : regionOf(answer)
        if (elsewhere !== undefined && elsewhere !== asked) {
          regions.set(question.bucket, elsewhere)
          answer = await persist(question, elsewhere)
        }
        if (answer.status === 200) return answer
        const { code, text } = refusalOf(answer)
        if (code === 'NoSuchKey') return undefined
        throw failure(question, text, code)
      } catch (error) {
        if (!(error instanceof ExchangeError)) throw error
        throw failure(question, error.message, error.kind, error)
      }
    },
    close() {
      isClosed = true
      http.close()
    },
  }
}

/** Where the bucket is, as a refusal says. It becomes part of a host name. */
function regionOf({ headers, body }: HttpAnswer): string | undefined {
  const told = headers['x-amz-bucket-region'] ?? elementText(body.toString(), 'Region')
  return told !== undefined && /^[a-z0-9-]{1,40}$/.test(told) ? told : undefined
}

function refusalOf({ status, headers, body }: HttpAnswer): { code: string; text: string } {
  const xml = body.toString()
  const code = elementText(xml, 'Code') ?? 'InvalidResponse'
  const message = elementText(xml, 'Message') ?? (status < 300 ? 'the answer is none of S3' : 'without an explanation')
  const id = headers['x-amz-request-id']?.split(',')[0]
  return { code, text: `${code}: ${message} (HTTP ${status}${id === undefined ? '' : `, request ${id}`})` }
}

/** S3 explains itself in a sentence. */
const messageLettersMax = 400

/** One line of bounded length without secrets: a store may send back what it was sent. */
function tidy(text: string, { secretAccessKey, sessionToken = '' }: Credentials): string {
  const secrets = [secretAccessKey, sessionToken].filter(Boolean)
  const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
  // oxlint-disable-next-line no-control-regex
  const line = clean.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
  return line.length > messageLettersMax ? `${line.slice(0, messageLettersMax)}...` : line
}
