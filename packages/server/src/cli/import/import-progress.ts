import type { CliContext } from '../context.ts'
import type { ImportProgress } from './import-files.ts'

/** One line that is written over where somebody looks, a line now and then elsewhere. */
export interface ProgressLine {
  show(progress: ImportProgress): void
  clear(): void
}

const barWidth = 24
/** A terminal shows no more, and a log file is not to be filled. */
const terminalMs = 100
const plainMs = 10_000

export function createProgressLine({ process, now }: CliContext): ProgressLine {
  const { stderr } = process
  const isTerminal = 'isTTY' in stderr && stderr.isTTY === true
  const startedAt = now()
  let shownAt = startedAt
  let isShown = false
  return {
    show(progress) {
      const time = now()
      if (time < shownAt + (isTerminal ? terminalMs : plainMs)) return
      shownAt = time
      const text = describe(progress, (time - startedAt) / 1_000)
      isShown = isTerminal
      stderr.write(isTerminal ? `\r\u001b[2K${bar(progress)} ${text}` : `${text}\n`)
    },
    clear() {
      if (isShown) stderr.write('\r\u001b[2K')
      isShown = false
    },
  }
}

function bar({ files, filesFound }: ImportProgress): string {
  const filled = filesFound === 0 ? 0 : Math.floor((barWidth * files) / filesFound)
  return `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}]`
}

/** While places are still being listed there may be more files than are known. */
function describe({ files, filesFound, isListed, records, imported }: ImportProgress, seconds: number): string {
  const rate = seconds > 0 ? `, ${Math.round(records / seconds)} a second` : ''
  return `${files} of ${filesFound}${isListed ? '' : '+'} files, ${records} records${rate}, ${imported} imported`
}
