import type * as Sdk from '@aws-sdk/client-s3'
import { BucketError } from './bucket-store.ts'
import { createCallSlots } from './call-slots.ts'
import { newExchange, type ExchangeAnswer } from './s3-exchange.ts'
import { s3Failure, type S3Call } from './s3-failure.ts'
import { createS3HttpHandler } from './s3-http-handler.ts'

/** As text, or as something that keeps it out of sight until it is used. */
type SecretText = string | { reveal(): string }

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: SecretText
  readonly sessionToken?: SecretText
}

const textOf = (secret: SecretText): string => (typeof secret === 'string' ? secret : secret.reveal())

export interface S3ClientOptions {
  /** `https://minio.example.org:9000`; without it the Region's endpoint at AWS. */
  readonly endpoint?: string
  readonly region: string
  /** The bucket in the path instead of in the host name: for stores without a wildcard in DNS and certificate. */
  readonly pathStyle: boolean
  readonly credentials: S3Credentials
  /** For one whole call, its wait for a free connection and the body included. */
  readonly timeoutMs: number
  /** For making the connection, TLS included. */
  readonly connectTimeoutMs: number
  /** Calls under way at a time, and so connections in use. */
  readonly callsMax: number
}

type Send<Output> = (
  sdk: typeof Sdk,
  client: Sdk.S3Client,
  options: { readonly abortSignal: AbortSignal },
) => Promise<Output>

/** Sends commands of the AWS SDK, each once and within its time, and knows how a failed one has ended. */
export interface S3Client {
  /** @throws {BucketError} */
  call<Output>(call: S3Call, send: Send<Output>): Promise<{ readonly output: Output; readonly answer: ExchangeAnswer }>
  /** Ends calls under way. */
  close(): Promise<void>
}

/** The largest answer besides an object: 1,000 keys of 1,024 bytes, percent-encoded, with their other fields. */
const answerBytesMax = 8 * 2 ** 20
/** A delivery waits for its put, so more than this is no backlog but a mistake. */
const waitingMax = 1_000

/** Loads the SDK (some 9 MB of code) at the first call: a server without remote buckets never does. */
export function createS3Client(options: S3ClientOptions): S3Client {
  const { region, timeoutMs, credentials } = options
  const secrets = [textOf(credentials.secretAccessKey), textOf(credentials.sessionToken ?? '')]
  const handler = createS3HttpHandler(options)
  const slots = createCallSlots({ active: options.callsMax, waitingMax })
  const underWay = new Set<AbortController>()
  let isClosed = false
  let loading: Promise<{ sdk: typeof Sdk; client: Sdk.S3Client }> | undefined
  const load = () => (loading ??= loadClient(options, handler))

  return {
    async call(call, send) {
      if (isClosed) throw new BucketError('NetworkingError', `${call.operation}: the store is closed`)
      const { sdk, client } = await load()
      const abort = new AbortController()
      const timer = setTimeout(() => abort.abort(), timeoutMs)
      underWay.add(abort)
      let release: (() => void) | undefined
      const exchange = newExchange(call.bodyBytesMax ?? answerBytesMax)
      try {
        if (isClosed) abort.abort()
        release = await slots.take(abort.signal)
        handler.watch(abort.signal, exchange)
        const output = await send(sdk, client, { abortSignal: abort.signal })
        if (exchange.answer === undefined) throw new Error('a call that sent nothing')
        return { output, answer: exchange.answer }
      } catch (error) {
        if (error instanceof BucketError) throw error
        const abortedBy = isClosed
          ? { code: 'NetworkingError', text: 'the store was closed' }
          : { code: 'RequestTimeout', text: `not answered within ${timeoutMs} ms` }
        throw s3Failure({ call, exchange, region, abortedBy, secrets }, error)
      } finally {
        clearTimeout(timer)
        underWay.delete(abort)
        release?.()
      }
    },
    async close() {
      isClosed = true
      for (const abort of underWay) abort.abort()
      handler.destroy()
      if (loading) (await loading).client.destroy()
    },
  }
}

async function loadClient(
  { endpoint, region, pathStyle, credentials }: S3ClientOptions,
  handler: ReturnType<typeof createS3HttpHandler>,
): Promise<{ sdk: typeof Sdk; client: Sdk.S3Client }> {
  const sdk = await import('@aws-sdk/client-s3')
  const client = new sdk.S3Client({
    region,
    credentials: {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: textOf(credentials.secretAccessKey),
      ...(credentials.sessionToken && { sessionToken: textOf(credentials.sessionToken) }),
    },
    forcePathStyle: pathStyle,
    ...(endpoint !== undefined && { endpoint }),
    requestHandler: { ...handler },
    // Whoever delivers decides when to try again, because only they know whether to look first.
    maxAttempts: 1,
    // The put sends Content-MD5, which AWS (Object Lock included) and every older compatible store take; the SDK's default, a CRC
    // trailer, is refused by many of them. SigV4 signs the body's SHA-256 besides.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // A body is sent at once: waiting for "100 Continue" costs a round trip and hangs on servers that do not know it.
    expectContinueHeader: false,
    // Settings are ours alone. AWS_ENDPOINT_URL, for one, points at this very server in the shell of many who start it.
    ignoreConfiguredEndpointUrls: true,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    useArnRegion: false,
    disableMultiregionAccessPoints: true,
    disableS3ExpressSessionAuth: true,
    followRegionRedirects: false,
    defaultsMode: 'legacy',
    retryMode: 'standard',
    userAgentAppId: async () => undefined,
  })
  return { sdk, client }
}
