import { skipTexts, type SkipList } from '../log-files/skipped.ts'
import { printable } from '../table.ts'
import type { ImportSummary } from './import-files.ts'

/** What became of an import, for people. */
export function describeImport(summary: ImportSummary, skipped: SkipList): string {
  const { files, records, imported, alreadyThere, refused, damaged } = summary
  const counts = [
    `${imported} imported`,
    ...(alreadyThere > 0 ? [`${alreadyThere} already there`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
  ]
  const lines = [`${files} files with ${records} records: ${counts.join(', ')}.`]
  for (const [code, { count, first }] of summary.refusals)
    lines.push(
      `  refused, ${code}: ${first.message} (${times(count)}, first record ${first.index + 1} of ${first.file})`,
    )
  if (damaged > 0) lines.push(`${damaged} files could not be read whole:`)
  for (const { file, message } of summary.damages) lines.push(`  ${file}: ${message}`)
  const left = damaged - summary.damages.length
  if (left > 0) lines.push(`  and ${left} more`)
  for (const [reason, { count, examples }] of skipped.counts)
    lines.push(
      `Skipped ${count}, ${skipTexts[reason]}: ${examples.join(', ')}${count > examples.length ? ', ...' : ''}`,
    )
  return lines.map(printable).join('\n')
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times or more`)

/** The same for programs. */
export const importJson = (summary: ImportSummary, skipped: SkipList) => ({
  files: summary.files,
  records: summary.records,
  imported: summary.imported,
  alreadyThere: summary.alreadyThere,
  refused: summary.refused,
  refusals: Array.from(summary.refusals, ([code, { count, first }]) => ({ code, count, first })),
  damaged: summary.damaged,
  damages: summary.damages,
  skipped: Object.fromEntries(skipped.counts),
})
