import { awsGapText, type AwsVerdict } from '@opentrail/core/digest'
import { formatEventTime } from '@opentrail/core/event'
import type { TimeRange } from './digest-listing.ts'

export interface ValidCount {
  readonly valid: number
  readonly invalid: number
}
export interface AwsCounts {
  readonly digests: ValidCount
  readonly backfillDigests: ValidCount
  readonly logFiles: ValidCount
}

/** Prints in the words and the lines of `aws cloudtrail validate-logs`. */
export interface AwsOutput {
  begin(trailArn: string, range: TimeRange): void
  verdict(verdict: AwsVerdict): void
  gap(from: number, to: number, isBackfill: boolean): void
  end(summary: { readonly range: TimeRange; readonly found?: TimeRange; readonly counts: AwsCounts }): void
}

export interface OutputStreams {
  readonly out: (text: string) => void
  readonly error: (text: string) => void
}

export function createAwsOutput({ out, error }: OutputStreams, { isVerbose }: { isVerbose: boolean }): AwsOutput {
  /** Lines on the standard error have a blank one on both sides; two of them share it. */
  let isAfterBlank = true
  function tellError(text: string): void {
    error(isAfterBlank ? `${text}\n\n` : `\n${text}\n\n`)
    isAfterBlank = true
  }
  return {
    begin(trailArn, range) {
      out(`Validating log files for trail ${trailArn} between ${rangeText(range, 'and')}\n\n`)
    },
    verdict(verdict) {
      if (verdict.status === 'invalid') tellError(verdict.text)
      if (verdict.status !== 'valid' || !isVerbose) return
      out(`${verdict.text}\n`)
      isAfterBlank = false
    },
    gap(from, to, isBackfill) {
      const data = { from: formatEventTime(from), to: formatEventTime(to) }
      const subject = { bucket: '', key: '' }
      tellError(awsGapText({ kind: 'gap', severity: 'gap', subject, message: '', data }, isBackfill) ?? '')
    },
    end(summary) {
      if (!isAfterBlank) out('\n')
      out(summaryText(summary))
    },
  }
}

const rangeText = ({ from, to }: TimeRange, between: string): string =>
  `${formatEventTime(from)} ${between} ${formatEventTime(to)}`

function summaryText({ range, found, counts }: Parameters<AwsOutput['end']>[0]): string {
  const { digests, backfillDigests, logFiles } = counts
  const requested = `Results requested for ${rangeText(range, 'to')}\n`
  if (digests.valid + digests.invalid + backfillDigests.valid + backfillDigests.invalid === 0)
    return `${requested}No digests found\n`
  const results = found ? `Results found for ${rangeText(found, 'to')}:\n` : 'No valid digests found in range\n'
  const ratios = [ratio(digests, 'digest'), ratio(backfillDigests, 'backfill digest'), ratio(logFiles, 'log')]
  return `${requested}${results}${ratios.join('')}\n`
}

function ratio({ valid, invalid }: ValidCount, name: string): string {
  const total = valid + invalid
  if (total === 0) return ''
  const wrong = invalid > 0 ? `, ${invalid}/${total} ${name} files INVALID` : ''
  return `\n${valid}/${total} ${name} files valid${wrong}`
}
