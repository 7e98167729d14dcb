import type { VersionMarks } from '../buckets/index.ts'
import {
  checkAcl,
  checkLockedBody,
  checkStorageClass,
  readAttributes,
  readEncryption,
  readMarks,
  readWriteConditions,
  storedResponse,
} from './object-headers.ts'
import { putBytesMax } from './request-body.ts'
import type { S3Call, S3Handler } from './s3-call.ts'

export const PutObject: S3Handler = async (call) => {
  const { bucket, key, header, body, exchange, objects, user } = call
  checkAcl(header)
  checkStorageClass(header)
  const marks = readMarks(header)
  await authoriseMarks(call, marks)
  const encryption = readEncryption(header)
  const expected = body.expected()
  checkLockedBody(marks, expected.md5 !== undefined || expected.checksum !== undefined)
  const request = {
    bucket,
    key,
    ...readAttributes(exchange, header),
    ...readWriteConditions(header),
    ...marks,
    ...(encryption && { encryption }),
    expected,
    user,
  }
  const stored = await objects.putObject(request, body.stream(putBytesMax))
  return { status: 200, headers: storedResponse(stored) }
}

/** What is put with an object needs the permission to put it alone. @throws {S3Error} AccessDenied */
export async function authoriseMarks(call: S3Call, { tags, retention, isLegallyHeld }: VersionMarks): Promise<void> {
  if (tags) await call.authorise('s3:PutObjectTagging')
  if (retention) await call.authorise('s3:PutObjectRetention')
  if (isLegallyHeld !== undefined) await call.authorise('s3:PutObjectLegalHold')
}
