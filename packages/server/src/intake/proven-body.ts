import { createHash } from 'node:crypto'
import type { Caller } from '../api/index.ts'
import { ApiError } from '../api-error/index.ts'
import { createChunkedPayload, type VerifiedPayload } from '../auth/index.ts'
import type { Exchange } from '../http/index.ts'
import { bodyTooLarge } from './intake-failure.ts'
import type { Spool } from './spool.ts'

/**
 * Gives `use` the body of a request whose caller is known, as a stream: one that proves itself only at its end is held until
 * then. `bytesMax` of it as it is sent.
 * @throws {ApiError} it is not what was signed, too long, or in an encoding that is not known; and what `use` throws.
 */
export async function withProvenBody<Result>(
  exchange: Exchange,
  { payload, body: whole }: Caller,
  { spool, bytesMax }: { readonly spool: Spool; readonly bytesMax: number },
  use: (body: AsyncIterable<Uint8Array>, encoding: 'identity' | 'gzip') => Promise<Result>,
): Promise<Result> {
  const encoding = encodingOf(exchange)
  if (whole) return use(atHand(whole), encoding)
  const body = openBody(exchange, payload, bytesMax)
  if (payload.kind === 'unsigned') return use(body, encoding)
  await using proven = await spool.hold(body)
  return await use(proven.read(), encoding)
}

async function* atHand(body: Buffer): AsyncGenerator<Uint8Array> {
  yield body
}

/** @throws {ApiError} it is neither gzip nor plain. */
function encodingOf(exchange: Exchange): 'identity' | 'gzip' {
  // `aws-chunked` is framing that the signature's payload kind already tells.
  const encodings = (exchange.header('content-encoding') ?? '').toLowerCase().split(',')
  const left = encodings
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity' && name !== 'aws-chunked')
  if (left.length === 0) return 'identity'
  if (left.length === 1 && left[0] === 'gzip') return 'gzip'
  throw new ApiError('ValidationException', 'Content-Encoding must be gzip or absent.', { status: 415 })
}

/**
 * The body's bytes, which throw at their end when they are not what was signed.
 * @throws {ApiError} the headers alone say that it cannot be taken; nothing was read.
 */
function openBody(exchange: Exchange, payload: VerifiedPayload, bytesMax: number): AsyncIterable<Uint8Array> {
  if (payload.kind === 'hash') return hashed(exchange.bodyStream(), payload.sha256)
  if (payload.kind !== 'chunked') return exchange.bodyStream()
  const decodedBytes = decodedLength(exchange, bytesMax)
  const trailerNames = (exchange.header('x-amz-trailer') ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  // What frames the chunks comes on top of what they hold.
  const decoder = createChunkedPayload({ seed: payload.seed, decodedBytes, trailerNames })
  return exchange.bodyStream(bytesMax * 2).pipe(decoder)
}

function decodedLength(exchange: Exchange, bytesMax: number): number {
  const text = exchange.header('x-amz-decoded-content-length') ?? ''
  if (!/^\d{1,15}$/.test(text)) {
    throw new ApiError(
      'ValidationException',
      'A body in signed chunks needs the header x-amz-decoded-content-length, a number of bytes.',
    )
  }
  const bytes = Number(text)
  if (bytes > bytesMax) throw bodyTooLarge(bytesMax)
  return bytes
}

async function* hashed(body: AsyncIterable<Uint8Array>, sha256: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const piece of body) {
    hash.update(piece)
    yield piece
  }
  if (hash.digest('hex') !== sha256)
    throw new ApiError('InvalidSignatureException', 'The body is not the one that was signed.', { status: 403 })
}
