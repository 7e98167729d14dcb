import type { ApiDryRun, ApiDryRunRequest } from '@opentrail/core/api'
import type { TrailSelectors } from '../../api/trail-operations.ts'

export const dryRunRequest = (
  { EventSelectors, AdvancedEventSelectors }: TrailSelectors,
  days: number,
  regions: readonly string[] | undefined,
): ApiDryRunRequest => ({
  ...(AdvancedEventSelectors
    ? { advancedEventSelectors: AdvancedEventSelectors }
    : { eventSelectors: EventSelectors ?? [] }),
  days,
  ...(regions && { regions }),
})

export interface DryRunEstimate {
  readonly eventsText: string
  readonly bytes: number
  readonly perDay: number
  readonly bytesPerDay: number
  /** Where only a part was looked at. */
  readonly sampleText?: string
}

/** Of a sample, what all of it would be. */
export function dryRunEstimate(answer: ApiDryRun, days: number): DryRunEstimate {
  const { events, selected, selectedBytes, sampleOf } = answer
  const factor = sampleOf === undefined || events === 0 ? 1 : sampleOf / events
  const [all, taken, bytes] = [events, selected, selectedBytes].map((value) => Math.round(value * factor))
  const about = factor === 1 ? '' : 'about '
  return {
    eventsText: `${about}${taken!.toLocaleString()} of ${all!.toLocaleString()}`,
    bytes: bytes!,
    perDay: Math.round(taken! / days),
    bytesPerDay: Math.round(bytes! / days),
    ...(factor !== 1 && {
      sampleText: `Reckoned from ${events.toLocaleString()} of ${sampleOf!.toLocaleString()} events, evenly over the time.`,
    }),
  }
}
