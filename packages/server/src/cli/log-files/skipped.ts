/** Why a file was not read. */
export type SkipReason =
  'digest' | 'manifest' | 'other-file' | 'other-account' | 'other-region' | 'other-time' | 'link' | 'done-before'

export const skipTexts: Readonly<Record<SkipReason, string>> = {
  digest: 'digests',
  manifest: 'manifests',
  'other-file': 'no log files',
  'other-account': 'of other accounts',
  'other-region': 'of other Regions',
  'other-time': 'of another time',
  link: 'links',
  'done-before': 'imported before',
}

export interface Skipped {
  readonly count: number
  /** The first of them; a folder that was skipped as a whole counts once. */
  readonly examples: readonly string[]
}

const examplesMax = 3

/** What was skipped and why, in bounded memory. */
export interface SkipList {
  add(reason: SkipReason, key: string): void
  readonly counts: ReadonlyMap<SkipReason, Skipped>
}

export function createSkipList(): SkipList {
  const counts = new Map<SkipReason, { count: number; examples: string[] }>()
  return {
    counts,
    add(reason, key) {
      const known = counts.get(reason) ?? { count: 0, examples: [] }
      counts.set(reason, known)
      known.count++
      if (known.examples.length < examplesMax) known.examples.push(key)
    },
  }
}
