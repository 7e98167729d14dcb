import { createHash } from 'node:crypto'
import { digestBytes, textToSign, type DigestFile, type DigestLogFile } from '@opentrail/core/digest'
import { formatEventTime } from '@opentrail/core/event'
import type { LedgerEntry } from '../delivery/index.ts'
import { hourMs, type ChainDocument, type DigestPlan } from './chain-document.ts'

export type DeliveredFile = Extract<LedgerEntry, { readonly deliveredAt: number }>

export interface DigestContent {
  readonly bytes: Uint8Array
  readonly textToSign: string
  /** Of `bytes`, hexadecimal. */
  readonly hash: string
}

/** The digest as planned: the same plan, chain and ledger give the same bytes. `files`: what the plan takes of the ledger. */
export function digestContent(
  { account, previous }: Pick<ChainDocument, 'account' | 'previous'>,
  plan: Pick<DigestPlan, 'end' | 'bucket' | 'key' | 'fingerprint'>,
  files: readonly DeliveredFile[],
): DigestContent {
  const times = files.flatMap(({ oldest, newest }) => [oldest, newest])
  const digest: DigestFile = {
    awsAccountId: account,
    digestStartTime: formatEventTime(plan.end - hourMs),
    digestEndTime: formatEventTime(plan.end),
    digestS3Bucket: plan.bucket,
    digestS3Object: plan.key,
    digestPublicKeyFingerprint: plan.fingerprint,
    digestSignatureAlgorithm: 'SHA256withRSA',
    newestEventTime: times.length === 0 ? null : formatEventTime(times.reduce((a, b) => Math.max(a, b))),
    oldestEventTime: times.length === 0 ? null : formatEventTime(times.reduce((a, b) => Math.min(a, b))),
    previousDigestS3Bucket: previous?.bucket ?? null,
    previousDigestS3Object: previous?.key ?? null,
    previousDigestHashValue: previous?.hash ?? null,
    previousDigestHashAlgorithm: previous ? 'SHA-256' : null,
    previousDigestSignature: previous?.signature ?? null,
    logFiles: files.map(digestLogFile),
  }
  const bytes = digestBytes(digest)
  return { bytes, textToSign: textToSign(digest, bytes), hash: createHash('sha256').update(bytes).digest('hex') }
}

const digestLogFile = ({ bucket, key, sha256, oldest, newest }: DeliveredFile): DigestLogFile => ({
  s3Bucket: bucket,
  s3Object: key,
  hashValue: sha256,
  hashAlgorithm: 'SHA-256',
  newestEventTime: formatEventTime(newest),
  oldestEventTime: formatEventTime(oldest),
})
