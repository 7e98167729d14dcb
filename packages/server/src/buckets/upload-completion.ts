import { createHash } from 'node:crypto'
import { createChecksum } from './body-digests.ts'
import { BucketError } from './bucket-store.ts'
import { combineCrcs } from './crc-combine.ts'
import type { NumberedPart } from './directory-parts.ts'
import type { ObjectRecord, UploadRecord } from './directory-records.ts'
import { attributesOf, partNumberMax, uploadBytesMax } from './object-limits.ts'
import type { Checksum, CompleteConditions, CompletedPart, UploadChecksum } from './object-store.ts'

/* The object that the parts of an upload make, as values: nothing here reads or writes. */

/** @throws {BucketError} MalformedXML, InvalidPartOrder */
export function checkOrder(parts: readonly CompletedPart[]): void {
  if (parts.length === 0 || parts.length > partNumberMax)
    throw new BucketError('MalformedXML', `an upload is completed with 1 to ${partNumberMax} parts`)
  if (parts.some(({ number }, at) => at > 0 && number <= parts[at - 1]!.number))
    throw new BucketError('InvalidPartOrder', 'The list of parts was not in ascending order.')
}

/**
 * What the client says of checksums as it completes, before any part is looked at.
 * @throws {BucketError} InvalidRequest
 */
export function checkChecksums(
  upload: UploadRecord,
  parts: readonly CompletedPart[],
  { checksumType }: CompleteConditions,
): void {
  const { checksumAlgorithm: algorithm } = upload
  const type = checksumTypeOf(upload)
  if (checksumType !== undefined && checksumType !== type)
    throw new BucketError(
      'InvalidRequest',
      `The upload was created using the ${type ?? 'FULL_OBJECT'} checksum mode. The complete request must use the same checksum mode.`,
    )
  const bare = type === 'COMPOSITE' ? parts.find(({ checksum }) => checksum === undefined) : undefined
  if (bare && algorithm)
    throw new BucketError(
      'InvalidRequest',
      `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${bare.number} in the request.`,
    )
}

/** What listings say of an upload's checksum. */
export function checksumOf(upload: UploadRecord): UploadChecksum {
  const [checksumAlgorithm, checksumType] = [upload.checksumAlgorithm, checksumTypeOf(upload)]
  return { ...(checksumAlgorithm && { checksumAlgorithm }), ...(checksumType && { checksumType }) }
}

/** Undefined: the upload asks for no checksum. */
export function checksumTypeOf({
  checksumAlgorithm,
  checksumType,
}: UploadRecord): 'COMPOSITE' | 'FULL_OBJECT' | undefined {
  return checksumAlgorithm && (checksumType ?? (checksumAlgorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE'))
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

function wholeChecksum(upload: UploadRecord, parts: readonly NumberedPart[]): Checksum | undefined {
  const { checksumAlgorithm: algorithm } = upload
  if (!algorithm) return standardChecksum(parts)
  const checksums = parts.map(({ checksum, size }) => ({ checksum: checksum!.value, size }))
  if (checksumTypeOf(upload) === 'FULL_OBJECT') return { algorithm, value: combineCrcs(algorithm, checksums) }
  const sum = createChecksum(algorithm)
  for (const { checksum } of checksums) sum.update(Buffer.from(checksum, 'base64'))
  return { algorithm, value: `${sum.digest().toString('base64')}-${parts.length}` }
}

/** As S3 where the upload asks for none. */
function standardChecksum(parts: readonly NumberedPart[]): Checksum | undefined {
  const checksums = parts.flatMap(({ crc64, size }) => (crc64 === undefined ? [] : [{ checksum: crc64, size }]))
  if (checksums.length < parts.length) return undefined
  return { algorithm: 'CRC64NVME', value: combineCrcs('CRC64NVME', checksums) }
}

/** @throws {BucketError} EntityTooLarge, InvalidRequest, BadDigest */
export function checkWhole(
  { checksumAlgorithm }: UploadRecord,
  { size, checksum }: ObjectRecord,
  { size: expected, checksum: promised }: CompleteConditions,
): void {
  if (size > uploadBytesMax) throw new BucketError('EntityTooLarge', `an object has at most ${uploadBytesMax} bytes`)
  if (expected !== undefined && expected !== size)
    throw new BucketError('InvalidRequest', `the parts have ${size} bytes, ${expected} were announced`)
  // As S3: an upload that asked for no checksum is not measured by one.
  if (promised === undefined || !checksum || !checksumAlgorithm) return
  const withoutCount = checksum.value.replace(/-\d+$/, '')
  if (promised !== checksum.value && promised !== withoutCount)
    throw new BucketError('BadDigest', `The ${checksum.algorithm} you specified did not match the calculated checksum.`)
}
