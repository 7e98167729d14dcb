import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { createChunkedPayload, type VerifiedPayload } from '../auth/index.ts'
import { createChecksum, type ChecksumAlgorithm, type ExpectedBody } from '../buckets/index.ts'
import type { Exchange } from '../http/index.ts'
import { invalidArgument, S3Error } from './s3-error.ts'

/** What a client sends with a call. Untrusted until it was read to its end, which checks all that was promised of it. */
export interface RequestBody {
  /** Bytes as they count: decoded. @throws {S3Error} MissingContentLength */
  size(): number
  /** What the client promised. @throws {S3Error} InvalidDigest, InvalidRequest */
  expected(): ExpectedBody
  /** Once. It fails, instead of ending, where the body is not the one that was signed. @throws {S3Error} EntityTooLarge */
  stream(bytesMax: number): AsyncIterable<Uint8Array>
  /**
   * All of it, for documents, checked against what was promised; a call may have a checksum that is not its body's.
   * @throws {S3Error}
   */
  document(bytesMax: number, options?: { readonly checksumIsOfBody?: boolean }): Promise<Buffer>
  /** Decoded bytes that have come so far. */
  readonly bytesIn: number
}

export type HeaderReader = (name: string) => string | undefined

/** As S3: of one put, or one part. */
export const putBytesMax = 5 * 1_024 ** 3
/** A chunk of 8 KiB, S3's smallest, costs some 90 bytes; the trailer a few lines. */
const framingBytesMax = putBytesMax / 64

export const checksumAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const
const digestBytes: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
}

/** @param header of what belongs to S3, which a presigned request may have in its query. */
export function createRequestBody(exchange: Exchange, payload: VerifiedPayload, header: HeaderReader): RequestBody {
  let bytesIn = 0
  let trailers: ReadonlyMap<string, string> | undefined
  const sizeHeader = payload.kind === 'chunked' ? 'x-amz-decoded-content-length' : 'content-length'
  const trailerNames = () => listed(payload.kind === 'chunked' && payload.seed.trailer ? header('x-amz-trailer') : '')

  function size(): number {
    const text = exchange.header(sizeHeader)
    if (text !== undefined && /^\d{1,15}$/.test(text)) return Number(text)
    if (text === undefined && exchange.header('transfer-encoding') === undefined && payload.kind !== 'chunked') return 0
    throw new S3Error('MissingContentLength', 411, 'You must provide the Content-Length HTTP header.')
  }

  /** Begun only once somebody reads: a client that waits for `100 Continue` is spared a body that is refused. */
  async function* decoded(open: () => Readable): AsyncGenerator<Uint8Array> {
    const source = open()
    const reader = payload.kind === 'chunked' ? chunks(source, payload) : source
    const hash = payload.kind === 'hash' ? createHash('sha256') : undefined
    try {
      for await (const piece of reader as AsyncIterable<Uint8Array>) {
        bytesIn += piece.length
        hash?.update(piece)
        yield piece
      }
    } finally {
      source.destroy()
    }
    const computed = hash?.digest('hex') ?? ''
    if (payload.kind === 'hash' && computed !== payload.sha256) throw contentMismatch(payload.sha256, computed)
  }

  function chunks(source: Readable, { seed }: VerifiedPayload & { kind: 'chunked' }): AsyncIterable<Uint8Array> {
    const decoder = createChunkedPayload({ seed, decodedBytes: size(), trailerNames: trailerNames() })
    trailers = decoder.trailers
    return source.pipe(decoder)
  }

  function expected(): ExpectedBody {
    const md5 = contentMd5(header('content-md5'))
    refuseOtherChecksums(exchange, header, trailerNames())
    const checksum = promisedChecksum(header, trailerNames(), (name) => trailers?.get(name))
    return { size: size(), ...(md5 && { md5 }), ...(checksum && { checksum }) }
  }

  return {
    size,
    expected,
    stream(bytesMax) {
      if (size() > bytesMax) throw tooLarge(bytesMax)
      const wireMax = payload.kind === 'chunked' ? bytesMax + framingBytesMax : bytesMax
      return decoded(() => exchange.bodyStream(wireMax))
    },
    async document(bytesMax, { checksumIsOfBody = true } = {}) {
      if (size() > bytesMax) throw tooLarge(bytesMax)
      if (size() === 0) throw new S3Error('MissingRequestBodyError', 400, 'Request Body is empty')
      const promised = checksumIsOfBody ? expected() : {}
      const wire = await exchange.readBody(payload.kind === 'chunked' ? 2 * bytesMax + 4_096 : bytesMax)
      const pieces: Uint8Array[] = []
      for await (const piece of decoded(() => Readable.from([wire]))) pieces.push(piece)
      const bytes = Buffer.concat(pieces)
      checkPromised(bytes, promised)
      return bytes
    },
    get bytesIn() {
      return bytesIn
    },
  }
}

function checkPromised(bytes: Uint8Array, { md5, checksum }: ExpectedBody): void {
  if (md5 && !createHash('md5').update(bytes).digest().equals(md5)) throw badDigest('Content-MD5')
  // One that comes behind the body was checked with it.
  if (!checksum || typeof checksum.value === 'function') return
  const sum = createChecksum(checksum.algorithm)
  sum.update(bytes)
  if (sum.digest().toString('base64') !== checksum.value) throw badDigest(checksum.algorithm)
}

const listed = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')

function contentMd5(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== 16 || bytes.toString('base64') !== text)
    throw new S3Error('InvalidDigest', 400, 'The Content-MD5 you specified was invalid.', {
      details: { 'Content-MD5': text },
    })
  return bytes
}

const prefix = 'x-amz-checksum-'

/** S3 has them since 2026. */
const newerAlgorithms = new Set(['MD5', 'SHA512', 'XXHASH3', 'XXHASH64', 'XXHASH128'])
const aboutChecksums = new Set(['algorithm', 'mode', 'type'])

/** To take a body whose checksum is not looked at would be to pretend that it had been. @throws {S3Error} NotImplemented */
function refuseOtherChecksums(exchange: Exchange, header: HeaderReader, trailerNames: readonly string[]): void {
  const sent = [...Object.keys(exchange.incoming.headers), ...trailerNames]
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
  const names = [...sent, header('x-amz-sdk-checksum-algorithm') ?? 'mode']
  const other = names.find(
    (name) => !aboutChecksums.has(name) && !checksumAlgorithms.some((known) => known === name.toUpperCase()),
  )
  if (other === undefined) return
  if (!newerAlgorithms.has(other.toUpperCase()))
    throw invalidRequest('The algorithm type you specified in x-amz-checksum- header is invalid.')
  throw new S3Error(
    'NotImplemented',
    501,
    `The checksum algorithm ${other.toUpperCase()} is not built; there are ${checksumAlgorithms.join(', ')}.`,
  )
}

/** The one checksum that a request may bring, in a header or behind its body. @throws {S3Error} InvalidRequest */
function promisedChecksum(
  header: HeaderReader,
  trailerNames: readonly string[],
  trailer: (name: string) => string | undefined,
): ExpectedBody['checksum'] {
  const sent = checksumAlgorithms.filter((name) => header(prefix + name.toLowerCase()) !== undefined)
  const trailing = checksumAlgorithms.filter((name) => trailerNames.includes(prefix + name.toLowerCase()))
  const [algorithm, ...more] = [...sent, ...trailing]
  const announced = header('x-amz-sdk-checksum-algorithm')
  if (more.length > 0)
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.')
  if (!algorithm) {
    if (announced !== undefined)
      throw invalidRequest(
        'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
      )
    return undefined
  }
  if (announced !== undefined && announced.toUpperCase() !== algorithm)
    throw invalidRequest('Value for x-amz-sdk-checksum-algorithm header is invalid.')
  const name = prefix + algorithm.toLowerCase()
  if (sent.length === 0) return { algorithm, value: () => trailer(name) }
  return { algorithm, value: checkedChecksum(name, algorithm, header(name) ?? '') }
}

/** @throws {S3Error} InvalidRequest */
export function checkedChecksum(name: string, algorithm: ChecksumAlgorithm, value: string): string {
  if (!isChecksum(algorithm, value)) throw invalidRequest(`Value for ${name} header is invalid.`)
  return value
}

export function isChecksum(algorithm: ChecksumAlgorithm, value: string): boolean {
  const bytes = Buffer.from(value, 'base64')
  return bytes.length === digestBytes[algorithm] && bytes.toString('base64') === value
}

/** @throws {S3Error} InvalidRequest */
export function readAlgorithm(text: string | undefined): ChecksumAlgorithm | undefined {
  if (text === undefined) return undefined
  const algorithm = checksumAlgorithms.find((name) => name === text.toUpperCase())
  if (!algorithm)
    throw invalidRequest(
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
    )
  return algorithm
}

export const invalidRequest = (message: string): S3Error => new S3Error('InvalidRequest', 400, message)
const badDigest = (name: string): S3Error =>
  new S3Error('BadDigest', 400, `The ${name} you specified did not match what we received.`)
const contentMismatch = (given: string, computed: string): S3Error =>
  new S3Error(
    'XAmzContentSHA256Mismatch',
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    { details: { ClientComputedContentSHA256: given, S3ComputedContentSHA256: computed } },
  )
const tooLarge = (bytesMax: number): S3Error =>
  new S3Error('EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed size', {
    details: { MaxSizeAllowed: String(bytesMax) },
  })

/** @throws {S3Error} InvalidArgument */
export function requiredParameter(parameters: ReadonlyMap<string, string>, name: string): string {
  const value = parameters.get(name)
  if (value === undefined || value === '') throw invalidArgument(name, value ?? '', `${name} is missing or empty`)
  return value
}
