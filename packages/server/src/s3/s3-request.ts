import { decodeEscapes, headerValues, queryParameters, splitTarget, type WireRequest } from '../auth/index.ts'
import { keyBytesMax } from '../buckets/index.ts'
import { invalidArgument, S3Error } from './s3-error.ts'
import { findOperation, type S3Level, type S3Operation } from './s3-operations.ts'

/** A request as S3 reads it. Untrusted; nothing in it is proven. */
export interface S3Request {
  readonly operation: S3Operation
  readonly level: S3Level
  /** Absent: a call on the service. Of whatever form the client sent. */
  readonly bucket?: string
  readonly key?: string
  /** Decoded; of a parameter that is given twice the first counts. */
  readonly parameters: ReadonlyMap<string, string>
  readonly host: string
  /** Why this cannot be a call of S3's; answered once it is known who asks. */
  readonly fault?: S3Error
}

/** Reads path style and, below one of `domains`, virtual-host style. Never fails: what is wrong stands in `fault`. */
export function readS3Request(wire: WireRequest, domains: readonly string[]): S3Request {
  const { path, query } = splitTarget(wire.target)
  const parameters = firstValues(query)
  const host = headerValues(wire.rawHeaders, 'host')[0] ?? ''
  const hosted = hostedBucket(host, domains)
  const slash = path.indexOf('/', 1)
  const rawBucket = hosted ?? (slash < 0 ? path.slice(1) : path.slice(1, slash))
  const rawKey = hosted === undefined ? (slash < 0 ? '' : path.slice(slash + 1)) : path.slice(1)
  const bucket = decoded(rawBucket)
  const key = decoded(rawKey)
  const level: S3Level = rawBucket === '' ? 'service' : rawKey === '' ? 'bucket' : 'object'
  const isCopy = headerValues(wire.rawHeaders, 'x-amz-copy-source').length > 0
  const fault = faultOf(bucket, key, level)
  return {
    operation: findOperation(wire.method, level, parameters, isCopy),
    level,
    ...(level !== 'service' && bucket !== undefined && { bucket }),
    ...(level === 'object' && key !== undefined && { key }),
    parameters,
    host,
    ...(fault && { fault }),
  }
}

function firstValues(query: string): Map<string, string> {
  const values = new Map<string, string>()
  // Wire text is one character per byte; a parameter that is no UTF-8 keeps replacement characters and finds nothing.
  for (const [name, value] of queryParameters(query)) if (!values.has(name)) values.set(name, fromWire(value))
  return values
}

const fromWire = (wire: string): string => Buffer.from(wire, 'latin1').toString('utf8')

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Undefined: the escapes are no UTF-8. */
function decoded(wirePath: string): string | undefined {
  try {
    return strict.decode(Buffer.from(decodeEscapes(wirePath), 'latin1'))
  } catch {
    return undefined
  }
}

/** S3's rules for names, without those about names that only AWS itself may take. */
const bucketName = /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9]|[.-](?![.-])|-(?=-)){1,61}[a-z0-9]$/

function faultOf(bucket: string | undefined, key: string | undefined, level: S3Level): S3Error | undefined {
  if (bucket === undefined || key === undefined)
    return new S3Error('InvalidURI', 400, "Couldn't parse the specified URI.")
  if (level !== 'service' && !bucketName.test(bucket))
    return new S3Error('InvalidBucketName', 400, 'The specified bucket is not valid.', {
      details: { BucketName: bucket },
    })
  if (key.includes('\0')) return invalidArgument('key', key, 'A key has no NUL')
  const bytes = Buffer.byteLength(key)
  if (bytes > keyBytesMax)
    return new S3Error('KeyTooLongError', 400, 'Your key is too long', {
      details: { Size: String(bytes), MaxSizeAllowed: String(keyBytesMax) },
    })
  return undefined
}

/** `b.localhost` and `b.s3.eu-west-1.localhost` name bucket `b`; `localhost` and `s3.localhost` name none. */
function hostedBucket(host: string, domains: readonly string[]): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  const domain = domains.find((candidate) => name.endsWith(`.${candidate}`))
  if (domain === undefined) return undefined
  const rest = name.slice(0, -domain.length - 1)
  const service = /^(?:(?<bucket>.+)\.)?s3(?:[.-][a-z]{2}(?:-[a-z]+)+-\d+)?$/.exec(rest)
  return service ? service.groups?.['bucket'] : rest
}
