import { sipHash, type Hash64 } from './sip-hash.ts'

/** Distinct values remembered per generation: names, sources, users and resource types repeat, ids do not. */
const rememberedMax = 10_000
/** Longer values are hashed anew each time, so that the cache stays below some 10 MiB. */
const rememberedCharsMax = 256

/** Hashes attribute values under the deployment's key. */
export interface ValueHasher {
  /** `repeats: false` for values that are never seen twice: they would only push the others out. */
  hash(value: string, repeats: boolean): Hash64
}

export function createValueHasher(key: Buffer): ValueHasher {
  let scratch = Buffer.alloc(4_096)
  // Two generations: when the younger is full the older one goes, and what is still in use moves over when asked for.
  let young = new Map<string, Hash64>()
  let old = new Map<string, Hash64>()

  const compute = (value: string): Hash64 => {
    // UTF-8 takes at most three bytes for each UTF-16 unit. Attribute values are bounded by the record's size.
    if (value.length * 3 > scratch.length) scratch = Buffer.alloc(value.length * 3)
    return sipHash(key, scratch, scratch.write(value, 0, 'utf8'))
  }

  // An event's id goes into its posting and its column, one right after the other.
  let lastValue = ''
  let lastHash = compute(lastValue)

  return {
    hash(value, repeats) {
      if (!repeats || value.length > rememberedCharsMax) {
        if (value !== lastValue) lastHash = compute((lastValue = value))
        return lastHash
      }
      const known = young.get(value)
      if (known) return known
      const hash = old.get(value) ?? compute(value)
      if (young.size >= rememberedMax) {
        old = young
        young = new Map()
      }
      young.set(value, hash)
      return hash
    },
  }
}
