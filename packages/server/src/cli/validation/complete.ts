import type { PublicKeys } from '@opentrail/core/digest'
import {
  createManifestChecker,
  type BelievableDigest,
  type KeptTree,
  type LogIdentity,
  type ManifestFinding,
  type TreeHead,
} from '@opentrail/core/manifest'
import { openDigestRecords, type CountedPart, type DigestRecords } from './digest-records.ts'
import type { ObjectSource } from './object-source.ts'

export interface CompletenessOptions {
  readonly source: ObjectSource
  readonly keys: PublicKeys
  readonly log?: LogIdentity
  readonly kept: readonly KeptTree[]
}

/** What all manifests together account for. */
export interface Accounted {
  readonly manifests: number
  /** Records in log files, and entries that the signer says the trail did not select. */
  readonly records: number
  readonly leftOut: number
  /** First and last sequence, both included. */
  readonly from: number
  readonly to: number
  /** Manifests of a plain copy, which lacks their signatures: nothing was judged by them. */
  readonly unsigned: number
}

/** Checks that what was delivered is all there was. Digests are opened newest first, and all of them judged. */
export interface Completeness {
  /** Begins to fetch the digest's manifest. Its parts behind the first are fetched once the digest before was judged. */
  open(digest: BelievableDigest): DigestRecords
  /** Once. */
  end(): { readonly findings: readonly ManifestFinding[]; readonly newest?: TreeHead; readonly accounted?: Accounted }
}

export function createCompleteness({ source, keys, log, kept }: CompletenessOptions): Completeness {
  const checker = createManifestChecker({ keys, kept, ...(log && { log }) })
  const total = { manifests: 0, records: 0, leftOut: 0, from: Infinity, to: 0, unsigned: 0 }

  function judged(parts: readonly CountedPart[], isUnsigned: boolean): void {
    if (isUnsigned) {
      total.unsigned++
      return
    }
    for (const { records, leftOut, from, to, isLast } of parts) {
      total.records += records
      total.leftOut += leftOut
      total.from = Math.min(total.from, from)
      total.to = Math.max(total.to, to)
      total.manifests += isLast ? 1 : 0
    }
  }

  let turn = Promise.resolve()
  function open(digest: BelievableDigest): DigestRecords {
    const records = openDigestRecords(digest, { source, keys, turn, open: () => checker.open(digest), judged })
    const ended = Promise.withResolvers<void>()
    turn = ended.promise
    // Its failure is told by the judgement itself.
    turn.catch(() => {})
    return {
      ...records,
      judge() {
        const judgement = records.judge()
        judgement.then(() => ended.resolve(), ended.reject)
        return judgement
      },
    }
  }

  return {
    open,
    end() {
      const { findings, newest } = checker.end()
      const accounted =
        total.manifests > 0 || total.unsigned > 0 ? { ...total, from: Math.min(total.from, total.to) } : undefined
      // Where signatures are lacking, their absence is not to be told of as that of the manifests.
      return {
        findings: total.unsigned > 0 ? [] : findings,
        ...(newest && { newest }),
        ...(accounted && { accounted }),
      }
    },
  }
}
