import type { DemandJob } from '../clock/index.ts'
import type { BucketAdministration } from './bucket-administration.ts'
import type { ApplyLifecycle, LifecycleSummary } from './directory-lifecycle.ts'
import type { LifecycleRules } from './lifecycle-rules.ts'
import type { ObjectStore } from './object-store.ts'

/** S3 looks once a day; what falls due at midnight is gone within the hour here. */
const everyMs = 60 * 60 * 1_000

export interface LifecycleJobOptions {
  readonly store: Pick<BucketAdministration, 'listBuckets'> & {
    readonly objects: Pick<ObjectStore, 'settings'>
    readonly applyLifecycle: ApplyLifecycle
  }
  /** Reads the document `lifecycle`. @throws it is none. */
  readonly rulesOf: (document: string) => LifecycleRules
  /** Domain time, ms. */
  readonly now: () => number
  /** What a bucket lost, where it lost something. */
  readonly done?: (bucket: string, summary: LifecycleSummary) => void
  readonly failed: (error: unknown) => void
}

/** Applies each bucket's lifecycle, one bucket after the other, beside the schedule. */
export function createLifecycleJob({ store, rulesOf, now, done, failed }: LifecycleJobOptions): DemandJob & {
  /** What was begun ends at its next page. */
  close(): Promise<void>
} {
  const closing = new AbortController()
  let nextAt = now() + everyMs
  let running: Promise<void> | undefined

  async function apply(bucket: string): Promise<void> {
    const { documents } = await store.objects.settings(bucket)
    if (documents.lifecycle === undefined) return
    const summary = await store.applyLifecycle(bucket, rulesOf(documents.lifecycle), { signal: closing.signal })
    if (Object.values(summary).some((count) => count > 0)) done?.(bucket, summary)
  }
  async function pass(): Promise<void> {
    try {
      for (const { name } of await store.listBuckets()) {
        if (closing.signal.aborted) return
        // One that cannot be read holds up no other.
        await apply(name).catch(failed)
      }
    } catch (error) {
      failed(error)
    } finally {
      running = undefined
    }
  }

  return {
    name: 'lifecycle',
    dueAt() {
      // A clock that was set back does not make it wait longer.
      nextAt = Math.min(nextAt, now() + everyMs)
      return running || closing.signal.aborted ? undefined : nextAt
    },
    async run() {
      nextAt = now() + everyMs
      running ??= pass()
    },
    settled: async () => running,
    async close() {
      closing.abort()
      await running
    },
  }
}
