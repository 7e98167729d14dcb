import { createHash, type KeyObject } from 'node:crypto'
import { DiskNotFoundError, type DiskFile } from '../disk/index.ts'
import type { BodyDigests } from './body-digests.ts'
import { BucketError } from './bucket-store.ts'
import { CallerFailure } from './caller-failure.ts'
import {
  chunkBytes,
  chunked,
  chunksOf,
  contentKey,
  openChunk,
  sealChunk,
  sealedChunkBytes,
  sealedSize,
} from './content-cipher.ts'
import type { ContentFiles } from './directory-content.ts'

/** One write or read of this many bytes: what a body that passes through holds in memory. */
const batchBytes = 8 * chunkBytes

/** Writes a body, sealed, to the file of an id, and has `digests` look at it on the way. @throws {CallerFailure} */
export async function writeSealed(
  files: ContentFiles,
  id: string,
  dataKey: Uint8Array,
  body: AsyncIterable<Uint8Array>,
  digests: BodyDigests,
): Promise<void> {
  await files.write(id, sealedBatches(contentKey(dataKey, id), observed(body, digests)))
}

/** The same for a body that is kept in memory: what its file would have. `bytesMax` of it are kept. @throws {CallerFailure} */
export async function sealWhole(
  id: string,
  dataKey: Uint8Array,
  body: AsyncIterable<Uint8Array>,
  digests: BodyDigests,
  bytesMax: number,
): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  // One that is longer than was announced is read to its end, which then says so.
  for await (const piece of observed(body, digests)) if (digests.size <= bytesMax) pieces.push(piece)
  return Buffer.concat(sealChunk(contentKey(dataKey, id), 0, true, pieces))
}

async function* observed(body: AsyncIterable<Uint8Array>, digests: BodyDigests): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of body) {
      digests.update(piece)
      yield piece
    }
  } catch (cause) {
    throw new CallerFailure('the body failed', { cause })
  }
}

async function* sealedBatches(key: KeyObject, body: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Uint8Array[]> {
  let batch: Uint8Array[] = []
  let length = 0
  let chunk = 0
  for await (const { parts, isLast } of chunked(body)) {
    batch.push(...sealChunk(key, chunk, isLast, parts))
    chunk += 1
    length += chunkBytes
    if (length < batchBytes && !isLast) continue
    yield batch
    batch = []
    length = 0
  }
}

/** One content. */
export interface StoredContent {
  readonly id: string
  readonly size: number
  /** Instead of a key: written under format 1. */
  readonly sha256?: string
  /** Instead of a file. */
  readonly sealed?: Uint8Array
}

/** Bytes [from, to) of a content. @throws {BucketError} InternalError: damaged; nothing wrong was handed out. */
export async function* readContent(
  files: ContentFiles,
  content: StoredContent,
  dataKey: Uint8Array | undefined,
  range: { readonly from: number; readonly to: number },
): AsyncGenerator<Uint8Array> {
  if (content.sealed && dataKey) {
    yield openWhole(content, content.sealed, contentKey(dataKey, content.id)).subarray(range.from, range.to)
    return
  }
  const file = await files.open(content.id).catch((cause: unknown) => {
    throw damaged(content, cause instanceof DiskNotFoundError ? 'is absent' : 'cannot be read', cause)
  })
  try {
    if (dataKey) yield* readSealed(file, content, contentKey(dataKey, content.id), range)
    else yield* readPlain(file, content, range)
  } finally {
    await file.close()
  }
}

async function* readSealed(
  file: DiskFile,
  content: StoredContent,
  key: KeyObject,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<Uint8Array> {
  const [count, size] = [chunksOf(content.size), sealedSize(content.size)]
  const chunksPerBatch = batchBytes / chunkBytes
  // The only chunk of an empty content is checked, too.
  const end = content.size === 0 ? 1 : Math.ceil(to / chunkBytes)
  for (let first = Math.floor(from / chunkBytes); first < end; first += chunksPerBatch) {
    const behind = Math.min(first + chunksPerBatch, end)
    const length = Math.min(behind * sealedChunkBytes, size) - first * sealedChunkBytes
    // One byte more, which must not be there.
    const sealed = await file.read(first * sealedChunkBytes, length + (behind === count ? 1 : 0))
    if (sealed.length !== length) throw damaged(content, `does not have its ${size} bytes`)
    for (let chunk = first; chunk < behind; chunk++) {
      const at = (chunk - first) * sealedChunkBytes
      const plain = opened(content, () =>
        openChunk(key, chunk, chunk === count - 1, sealed.subarray(at, at + sealedChunkBytes)),
      )
      const start = chunk * chunkBytes
      yield plain.subarray(Math.max(0, from - start), Math.min(plain.length, to - start))
    }
  }
}

function openWhole(content: StoredContent, sealed: Uint8Array, key: KeyObject): Buffer {
  const plain = opened(content, () => openChunk(key, 0, true, sealed))
  if (plain.length !== content.size) throw damaged(content, `does not have its ${content.size} bytes`)
  return plain
}

function opened(content: StoredContent, open: () => Buffer): Buffer {
  try {
    return open()
  } catch (cause) {
    throw damaged(content, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

/** The whole of it is handed out only if it has its SHA-256: the last piece waits for that. A part cannot be checked. */
async function* readPlain(
  file: DiskFile,
  content: StoredContent,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<Uint8Array> {
  if ((await file.size()) !== content.size) throw damaged(content, `does not have its ${content.size} bytes`)
  const hash = from === 0 && to === content.size ? createHash('sha256') : undefined
  for (let at = from; at < to; at += batchBytes) {
    const piece = await file.read(at, Math.min(batchBytes, to - at))
    hash?.update(piece)
    if (at + batchBytes >= to && hash && hash.digest('hex') !== content.sha256)
      throw damaged(content, 'does not have its SHA-256')
    yield piece
  }
}

const damaged = ({ id }: StoredContent, what: string, cause?: unknown): BucketError =>
  new BucketError('InternalError', `content ${id} ${what}`, { cause })
