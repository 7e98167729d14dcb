import type {
  ApiVerification,
  ApiVerificationFinding,
  ApiVerificationOutcome,
  ApiVerifiedTrail,
} from '@opentrail/core/api'

export interface Status {
  readonly type: 'in-progress' | 'success' | 'warning' | 'error'
  readonly text: string
}

export const outcomeWords: Readonly<Record<ApiVerificationOutcome, Status>> = {
  valid: { type: 'success', text: 'Valid' },
  incomplete: { type: 'warning', text: 'Not all could be verified' },
  invalid: { type: 'error', text: 'Invalid' },
}

/** How it stands, in one sentence. Valid is only what nothing was left out of. */
export function statusOf({ state, outcome = 'incomplete', checked, trails }: ApiVerification): Status {
  const numbers = `${counted(checked.digests, 'digest')} and ${counted(checked.logFiles, 'log file')}`
  if (state === 'running') return { type: 'in-progress', text: `Verifying: ${numbers} so far.` }
  if (state === 'failed') return { type: 'error', text: `The verification could not be finished, after ${numbers}.` }
  if (outcome === 'invalid') {
    const bad = trails.filter((trail) => trail.outcome === 'invalid').length
    return {
      type: 'error',
      text: `Something is missing or was changed, in ${bad} of ${counted(trails.length, 'chain')}.`,
    }
  }
  if (outcome === 'incomplete' || trails.some(hasUnsigned))
    return { type: 'warning', text: `Of ${numbers} none is wrong, and there is more that could not be verified.` }
  return { type: 'success', text: `${numbers} are as they were delivered.` }
}

const hasUnsigned = ({ digests, logFiles }: ApiVerifiedTrail): boolean => digests.unsigned + logFiles.unsigned > 0

const counted = (count: number, name: string): string =>
  `${count.toLocaleString('en')} ${name}${count === 1 ? '' : 's'}`

/** `9 of 10 valid, 2 without a signature` */
export function ratioText({ valid, invalid, unsigned }: ApiVerifiedTrail['digests']): string {
  const ratio = `${valid.toLocaleString('en')} of ${(valid + invalid).toLocaleString('en')} valid`
  return unsigned > 0 ? `${ratio}, ${unsigned.toLocaleString('en')} without a signature` : ratio
}

export const trailName = ({ arn }: ApiVerifiedTrail): string => arn.slice(arn.indexOf('/') + 1)

export interface FindingRow extends ApiVerificationFinding {
  /** Unlike all others. */
  readonly id: string
}

/** Findings of all trails, and how many of them the server did not name. */
export function findingRows(trails: readonly ApiVerifiedTrail[]): { rows: FindingRow[]; leftOut: number } {
  const rows = trails.flatMap(({ findings }) => findings).map((found, index) => ({ ...found, id: String(index) }))
  return { rows, leftOut: trails.reduce((sum, { findingsLeftOut }) => sum + findingsLeftOut, 0) }
}

/** What could not be verified, and what verification cannot tell at all. */
export const unknowns = ({ unproven, notKnown }: ApiVerification): string[] => [
  ...unproven.map(
    ({ account, region }) => `Log files of account ${account}, Region ${region}: there is no digest that lists them.`,
  ),
  ...notKnown,
]
