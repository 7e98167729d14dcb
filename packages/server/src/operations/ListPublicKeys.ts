import { SigningKeyUnavailableError, type PublicKeyView } from '../signing-keys/index.ts'
import { ApiError } from '../api-error/index.ts'
import { defineOperation } from './define-operation.ts'
import type { OperationContext } from './operation.ts'
import { inputMember } from './operation-input.ts'

type Input = Readonly<Record<string, unknown>>

/** Years 1 to 9999, in seconds: InvalidTimeRangeException covers "outside the range of possible values". */
const secondsMin = Date.parse('0001-01-01T00:00:00Z') / 1_000
const secondsMax = Date.parse('9999-12-31T23:59:59Z') / 1_000

/**
 * The public keys of the called Region, with which its digest files are verified. A Region that has signed nothing yet gets
 * its key when a range with the present is asked for: clients take an empty list for an error.
 */
export const ListPublicKeys = defineOperation('ListPublicKeys', async (input, context) => {
  const range = readRange(input, context.clocks.domain())
  if (inputMember.string(input, 'NextToken') !== undefined)
    throw new ApiError('InvalidTokenException', 'The NextToken is not one that ListPublicKeys has issued.')
  try {
    return { PublicKeyList: (await keysIn(range, context)).map(wireKey) }
  } catch (cause) {
    if (!(cause instanceof SigningKeyUnavailableError)) throw cause
    const message = 'The public keys are not available at the moment; try again.'
    throw new ApiError('ServiceUnavailable', message, { cause, status: 503 })
  }
})

/** Milliseconds. */
interface Range {
  readonly from: number
  readonly to: number
  readonly now: number
}

/** An absent time is now; only two times that were given can contradict each other. */
function readRange(input: Input, now: number): Range {
  const start = readTime(input, 'StartTime')
  const end = readTime(input, 'EndTime')
  if (start !== undefined && end !== undefined && start > end)
    throw new ApiError('InvalidTimeRangeException', 'StartTime must not be after EndTime.')
  return { from: start ?? Math.min(now, end ?? now), to: end ?? Math.max(now, start ?? now), now }
}

function readTime(input: Input, name: string): number | undefined {
  const seconds = inputMember.timestamp(input, name)
  if (seconds === undefined) return undefined
  if (seconds < secondsMin || seconds > secondsMax) {
    const message = `${name} must be in seconds since 1970-01-01T00:00:00Z, within the years 1 to 9999.`
    throw new ApiError('InvalidTimeRangeException', message)
  }
  return seconds * 1_000
}

async function keysIn({ from, to, now }: Range, { region, signingKeys }: OperationContext): Promise<PublicKeyView[]> {
  const keys = await signingKeys.list(region, from, to)
  const isValidNow = ({ validFrom, validTo }: PublicKeyView) => validFrom <= now && now < validTo
  if (now < from || now > to || keys.some(isValidNow)) return keys
  await signingKeys.current(region)
  return signingKeys.list(region, from, to)
}

const wireKey = ({ publicKey, validFrom, validTo, fingerprint }: PublicKeyView) => ({
  Value: publicKey.toString('base64'),
  ValidityStartTime: validFrom / 1_000,
  ValidityEndTime: validTo / 1_000,
  Fingerprint: fingerprint,
})
