import { createHash } from 'node:crypto'
import { createChecksum } from './body-digests.ts'
import { BucketError } from './bucket-store.ts'
import { combineCrcs } from './crc-combine.ts'
import type { NumberedPart } from './directory-parts.ts'
import type { ObjectRecord, UploadRecord } from './directory-records.ts'
import { attributesOf, partNumberMax, uploadBytesMax } from './object-limits.ts'
import type { Checksum, CompleteConditions, CompletedPart } from './object-store.ts'

/* The object that the parts of an upload make, as values: nothing here reads or writes. */

/** @throws {BucketError} MalformedXML, InvalidPartOrder */
export function checkOrder(parts: readonly CompletedPart[]): void {
  if (parts.length === 0 || parts.length > partNumberMax)
    throw new BucketError('MalformedXML', `an upload is completed with 1 to ${partNumberMax} parts`)
  if (parts.some(({ number }, at) => at > 0 && number <= parts[at - 1]!.number))
    throw new BucketError('InvalidPartOrder', 'The list of parts was not in ascending order.')
}

/** @throws {BucketError} InvalidPart, EntityTooSmall */
export function choose(
  stored: readonly NumberedPart[],
  wanted: readonly CompletedPart[],
  partBytesMin: number,
): { chosen: NumberedPart[]; others: NumberedPart[] } {
  const left = new Map(stored.map((part) => [part.number, part]))
  const chosen = wanted.map(({ number, etag, checksum }, at) => {
    const part = left.get(number)
    if (!part || part.etag !== etag || (checksum !== undefined && part.checksum?.value !== checksum))
      throw new BucketError(
        'InvalidPart',
        `One or more of the specified parts could not be found, or has another ETag or checksum: part ${number}`,
      )
    if (part.size < partBytesMin && at < wanted.length - 1)
      throw new BucketError('EntityTooSmall', `part ${number} is smaller than the allowed ${partBytesMin} bytes`)
    left.delete(number)
    return part
  })
  return { chosen, others: [...left.values()] }
}

export function objectOf(upload: UploadRecord, uploadId: string, parts: readonly NumberedPart[]): ObjectRecord {
  const md5 = createHash('md5')
  for (const { etag } of parts) md5.update(etag, 'hex')
  const checksum = wholeChecksum(upload, parts)
  return {
    upload: uploadId,
    size: parts.reduce((sum, { size }) => sum + size, 0),
    etag: `${md5.digest('hex')}-${parts.length}`,
    lastModified: upload.initiated,
    dataKey: upload.dataKey,
    ...attributesOf(upload),
    ...(checksum && { checksum }),
  }
}

function wholeChecksum(
  { checksumAlgorithm: algorithm, checksumType: type }: UploadRecord,
  parts: readonly NumberedPart[],
): Checksum | undefined {
  if (!algorithm) return undefined
  const checksums = parts.map(({ checksum, size }) => ({ checksum: checksum!.value, size }))
  if (type === 'FULL_OBJECT' || algorithm === 'CRC64NVME')
    return { algorithm, value: combineCrcs(algorithm, checksums) }
  const sum = createChecksum(algorithm)
  for (const { checksum } of checksums) sum.update(Buffer.from(checksum, 'base64'))
  return { algorithm, value: `${sum.digest().toString('base64')}-${parts.length}` }
}

/** @throws {BucketError} EntityTooLarge, InvalidRequest, BadDigest */
export function checkWhole(
  { size, checksum }: ObjectRecord,
  { size: expected, checksum: promised }: CompleteConditions,
): void {
  if (size > uploadBytesMax) throw new BucketError('EntityTooLarge', `an object has at most ${uploadBytesMax} bytes`)
  if (expected !== undefined && expected !== size)
    throw new BucketError('InvalidRequest', `the parts have ${size} bytes, ${expected} were announced`)
  if (promised === undefined || !checksum) return
  const withoutCount = checksum.value.replace(/-\d+$/, '')
  if (promised !== checksum.value && promised !== withoutCount)
    throw new BucketError('BadDigest', `The ${checksum.algorithm} you specified did not match the calculated checksum.`)
}
