import { createHash, type Hash } from 'node:crypto'
import { finished, Transform, type Readable, type TransformCallback } from 'node:stream'
import { ApiError } from '../api-error/index.ts'
import { invalidSignature } from './authentication-error.ts'
import { emptySha256, sha256Hex } from './canonical-request.ts'
import { sameText, signature } from './signing-key.ts'
import type { ChunkSeed } from './sigv4.ts'
import { trailingChecksums, type TrailingChecksum } from './trailing-checksum.ts'

/** A chunk's line is a length and a signature: 16 + 17 + 64 characters; a trailer line may hold a long checksum. */
const lineBytesMax = 1_024
/** One checksum and its signature are usual. */
const trailerLinesMax = 16
/** Clients send 64 KiB to 16 MiB; the limit keeps numbers sane, memory does not depend on it. */
const chunkBytesMax = 5 * 1_024 ** 3

export interface ChunkedPayloadOptions {
  readonly seed: ChunkSeed
  /** `x-amz-decoded-content-length`: the stream must bring exactly this much. */
  readonly decodedBytes: number
  /** The names in `x-amz-trailer`, lower case. Other trailers are refused. */
  readonly trailerNames?: readonly string[]
}

type State = 'chunk-line' | 'data' | 'data-end' | 'trailer' | 'final-line' | 'done'

/**
 * Decodes an aws-chunked body (`STREAMING-...` payloads) and checks each chunk's signature, the trailer's, and the
 * checksums in the trailer.
 * Bytes come out as they arrive, whatever the chunk size, so memory stays flat: **what came out is proven only once the
 * stream has ended**; on an error the reader must throw all of it away.
 * Source: Amazon S3 API Reference, "Signature Calculations: Transferring Payload in Multiple Chunks" and "... trailing headers".
 */
export class ChunkedPayload extends Transform {
  /** Trailing headers by lower-case name; complete when the stream has ended. */
  readonly trailers = new Map<string, string>()
  readonly #options: ChunkedPayloadOptions
  #state: State = 'chunk-line'
  #line = ''
  #chunkLeft = 0
  #chunkSignature = ''
  #previousSignature: string
  #chunkHash: Hash = createHash('sha256')
  #decoded = 0
  #lastChunk = false
  #trailerText = ''
  #trailerSignature: string | undefined
  #trailerLines = 0
  readonly #checksums: readonly TrailingChecksum[]

  /** @throws {ApiError} a checksum is announced whose algorithm is not known. */
  constructor(options: ChunkedPayloadOptions) {
    super()
    this.#options = options
    this.#checksums = trailingChecksums(options.trailerNames ?? [])
    this.#previousSignature = options.seed.signature
    // A pipe does not say that its source failed: without this a reader would wait for ever for an aborted upload.
    this.once('pipe', (source: Readable) => {
      finished(source, { writable: false }, (error) => {
        if (error) this.destroy(error)
      })
    })
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      let offset = 0
      while (offset < bytes.length) offset = this.#step(bytes, offset)
      done()
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
  }

  override _flush(done: TransformCallback): void {
    if (this.#state !== 'done') done(incompleteBody('The request body terminated unexpectedly'))
    else done()
  }

  /** Consumes from `offset` what the state takes; returns where it stopped. */
  #step(bytes: Buffer, offset: number): number {
    if (this.#state === 'done') throw malformed('there is something after the last chunk')
    if (this.#state === 'data') return this.#takeData(bytes, offset)
    const end = bytes.indexOf(0x0a, offset)
    this.#line += bytes.toString('latin1', offset, end < 0 ? bytes.length : end)
    if (this.#line.length > lineBytesMax) throw malformed('a line is too long')
    if (end < 0) return bytes.length
    const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line
    this.#line = ''
    this.#takeLine(line)
    return end + 1
  }

  #takeData(bytes: Buffer, offset: number): number {
    const piece = bytes.subarray(offset, offset + this.#chunkLeft)
    this.#chunkLeft -= piece.length
    if (this.#options.seed.signed) this.#chunkHash.update(piece)
    for (const checksum of this.#checksums) checksum.update(piece)
    this.push(piece)
    if (this.#chunkLeft === 0) this.#state = 'data-end'
    return offset + piece.length
  }

  #takeLine(line: string): void {
    switch (this.#state) {
      case 'chunk-line':
        return this.#startChunk(line)
      case 'data-end':
        if (line !== '') throw malformed('a chunk is longer than it says')
        this.#checkChunk()
        this.#state = 'chunk-line'
        return
      case 'trailer':
        if (line === '') this.#finishTrailer()
        else this.#takeTrailer(line)
        return
      default:
        if (line !== '') throw malformed('the last chunk is not empty')
        this.#state = 'done'
    }
  }

  #startChunk(line: string): void {
    const { seed, decodedBytes } = this.#options
    const match = seed.signed
      ? /^([0-9A-Fa-f]{1,16});chunk-signature=([0-9a-f]{64})$/.exec(line)
      : /^([0-9A-Fa-f]{1,16})$/.exec(line)
    if (!match) throw malformed('a chunk does not start with its length and signature')
    const length = Number.parseInt(match[1]!, 16)
    this.#decoded += length
    if (length > chunkBytesMax || this.#decoded > decodedBytes) {
      throw incompleteBody('The request body holds more than the x-amz-decoded-content-length HTTP header says')
    }
    this.#chunkSignature = match[2] ?? ''
    this.#chunkLeft = length
    this.#chunkHash = createHash('sha256')
    this.#state = 'data'
    if (length > 0) return
    this.#lastChunk = true
    this.#checkChunk()
    if (this.#decoded !== decodedBytes) {
      throw incompleteBody(
        'You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header',
      )
    }
    this.#state = seed.trailer ? 'trailer' : 'final-line'
  }

  #checkChunk(): void {
    const { seed } = this.#options
    if (!seed.signed) return
    const hash = this.#lastChunk ? emptySha256 : this.#chunkHash.digest('hex')
    const text = `AWS4-HMAC-SHA256-PAYLOAD\n${seed.amzDate}\n${seed.scope}\n${this.#previousSignature}\n${emptySha256}\n${hash}`
    this.#previousSignature = this.#checked(text, this.#chunkSignature)
  }

  #takeTrailer(line: string): void {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (++this.#trailerLines > trailerLinesMax || colon < 1) throw malformed('the trailer is not a list of headers')
    if (this.#trailerSignature !== undefined) throw malformed('something follows the signature of the trailer')
    if (name === 'x-amz-trailer-signature' && this.#options.seed.signed) {
      this.#trailerSignature = value
      return
    }
    if (!this.#options.trailerNames?.includes(name) || this.trailers.has(name)) {
      throw malformed(`the trailing header ${name.replace(/[^\w-]/g, '?')} was not announced in x-amz-trailer`)
    }
    this.trailers.set(name, value)
    this.#trailerText += `${name}:${value}\n`
  }

  #finishTrailer(): void {
    const { seed, trailerNames } = this.#options
    for (const name of trailerNames ?? []) {
      if (!this.trailers.has(name)) throw malformed(`the trailing header ${name} is missing`)
    }
    if (seed.signed) {
      const text = `AWS4-HMAC-SHA256-TRAILER\n${seed.amzDate}\n${seed.scope}\n${this.#previousSignature}\n${sha256Hex(this.#trailerText)}`
      this.#checked(text, this.#trailerSignature ?? '')
    }
    for (const checksum of this.#checksums) {
      const [sent = '', computed] = [this.trailers.get(checksum.trailer), checksum.value()]
      if (!isOfForm(sent, computed)) throw badValue(checksum.trailer)
      if (sent !== computed) throw badDigest(checksum.trailer)
    }
    this.#state = 'done'
  }

  #checked(text: string, given: string): string {
    const expected = signature(this.#options.seed.signingKey, text)
    if (!sameText(expected, given)) {
      throw invalidSignature('The chunk signature we calculated does not match the signature you provided.')
    }
    return expected
  }
}

export const createChunkedPayload = (options: ChunkedPayloadOptions): ChunkedPayload => new ChunkedPayload(options)

const malformed = (detail: string) =>
  new ApiError('MalformedHttpRequestException', `The chunked body is not valid: ${detail}.`)
const incompleteBody = (message: string) => new ApiError('IncompleteBody', message)
/** Whether it is Base64 of as many bytes. */
const isOfForm = (sent: string, computed: string): boolean =>
  sent.length === computed.length && Buffer.from(sent, 'base64').toString('base64') === sent
const badValue = (trailer: string) =>
  new ApiError('ValidationException', `Value for ${trailer} trailing header is invalid.`)
const badDigest = (trailer: string) =>
  new ApiError('BadDigest', `The ${trailer} you specified did not match the calculated checksum.`)
