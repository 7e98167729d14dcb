/**
 * Which texts start with any of some prefixes, or end with any of some suffixes, found in O(log n): the records that are
 * judged come from outside, and a long list of their resources must not meet a long list of values one by one.
 */
export type AffixTest = (text: string) => boolean

export function startsWithAny(prefixes: readonly string[]): AffixTest {
  return affixTest(
    prefixes,
    (one, other) => one <= other,
    (text, prefix) => text.startsWith(prefix),
  )
}

export function endsWithAny(suffixes: readonly string[]): AffixTest {
  return affixTest(suffixes, notAfterFromEnd, (text, suffix) => text.endsWith(suffix))
}

/**
 * `notAfter` is an order in which everything between an affix and a text that has it has that affix too. So once affixes
 * that others make needless are gone, the last one not after a text is the only one the text can have.
 */
function affixTest(
  values: readonly string[],
  notAfter: (one: string, other: string) => boolean,
  has: (text: string, affix: string) => boolean,
): AffixTest {
  const affixes: string[] = []
  for (const value of [...new Set(values)].sort((one, other) => (notAfter(one, other) ? -1 : 1))) {
    const last = affixes.at(-1)
    if (last === undefined || !has(value, last)) affixes.push(value)
  }
  return (text) => {
    let from = 0
    let behind = affixes.length
    while (from < behind) {
      const middle = (from + behind) >>> 1
      if (notAfter(affixes[middle]!, text)) from = middle + 1
      else behind = middle
    }
    return from > 0 && has(text, affixes[from - 1]!)
  }
}

/** `<=` of the texts read backwards. */
function notAfterFromEnd(one: string, other: string): boolean {
  const length = Math.min(one.length, other.length)
  for (let i = 1; i <= length; i++) {
    const difference = one.charCodeAt(one.length - i) - other.charCodeAt(other.length - i)
    if (difference !== 0) return difference < 0
  }
  return one.length <= other.length
}
