/** `; did you mean "x"?` for a name at most two letters or a third of its length away. */
export function suggestion(name: string, known: readonly string[]): string {
  // `logLevel` means `log-level`.
  const kebab = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const away = (candidate: string) => Math.min(distance(name, candidate), distance(kebab, candidate))
  const ranked = known.map((candidate) => ({ candidate, away: away(candidate) }))
  const best = ranked.sort((a, b) => a.away - b.away)[0]
  return best && best.away <= Math.max(2, name.length / 3) ? `; did you mean "${best.candidate}"?` : ''
}

/** Levenshtein distance of two short names. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]!
}
