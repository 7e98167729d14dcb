import type { AccountId } from '@opentrail/core/event'
import type { Principal, Role } from '../accounts/index.ts'
import type { Exchange } from '../http/index.ts'
import { accessDenied } from './s3-error.ts'
import type { S3Request } from './s3-request.ts'

export interface Asking {
  readonly principal: Principal
  /** Whose the bucket is; undefined where there is none. */
  readonly owner: AccountId | undefined
}

const readers: readonly Role[] = ['administrator', 'auditor']

/**
 * Administrators and auditors read the buckets of their own account. One of another account is refused, one that is not
 * there is not: S3 tells them apart, too. @throws {S3Error} AccessDenied
 */
export function authorise(exchange: Exchange, request: S3Request, { principal, owner }: Asking): void {
  const expected = exchange.header('x-amz-expected-bucket-owner')
  if (expected !== undefined && owner !== undefined && expected !== owner) throw accessDenied('Access Denied')
  if (readers.includes(principal.role) && (owner === undefined || owner === principal.account)) return
  const { bucket, key, operation } = request
  const resource = bucket === undefined ? '*' : `arn:aws:s3:::${bucket}${key === undefined ? '' : `/${key}`}`
  const action = actions[operation.name] ?? `s3:${operation.name}`
  throw accessDenied(
    `User: ${principal.arn} is not authorized to perform: ${action} on resource: "${resource}" because no ` +
      `identity-based policy allows the ${action} action`,
  )
}

/** IAM's names for what is built; the others are named like their operations. */
const actions: Readonly<Record<string, string>> = {
  HeadBucket: 's3:ListBucket',
  HeadObject: 's3:GetObject',
  ListBuckets: 's3:ListAllMyBuckets',
  ListObjects: 's3:ListBucket',
}
