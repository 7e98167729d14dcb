/** How failed attempts are repeated: at once, then after the shortest pause, growing pauses, and the longest. Seconds. */
export interface RetryPolicy {
  readonly numRetries: number
  readonly numNoDelayRetries: number
  readonly minDelayTarget: number
  readonly numMinDelayRetries: number
  readonly maxDelayTarget: number
  readonly numMaxDelayRetries: number
  readonly backoffFunction: BackoffFunction
}

export const backoffFunctions = ['linear', 'arithmetic', 'geometric', 'exponential'] as const
export type BackoffFunction = (typeof backoffFunctions)[number]

/** Source: SNS Developer Guide, "Amazon SNS message delivery retries", HTTP/S endpoints. */
export const defaultHttpPolicy: RetryPolicy = {
  numRetries: 3,
  numNoDelayRetries: 0,
  minDelayTarget: 20,
  numMinDelayRetries: 0,
  maxDelayTarget: 20,
  numMaxDelayRetries: 0,
  backoffFunction: 'linear',
}

/** Of endpoints that AWS itself manages: 100,015 attempts in 23 days. Source: the same page. */
export const queuePolicy: RetryPolicy = {
  numRetries: 100_015,
  numNoDelayRetries: 3,
  minDelayTarget: 1,
  numMinDelayRetries: 2,
  maxDelayTarget: 20,
  numMaxDelayRetries: 100_000,
  backoffFunction: 'exponential',
}

/** The pause after so many failures (1, 2, ...), ms; undefined: it was the last attempt. */
export function pauseAfterFailures(policy: RetryPolicy, failures: number): number | undefined {
  const { numRetries, numNoDelayRetries, numMinDelayRetries, numMaxDelayRetries } = policy
  if (failures > numRetries) return undefined
  const afterNone = failures - numNoDelayRetries
  if (afterNone <= 0) return 0
  const growing = numRetries - numNoDelayRetries - numMinDelayRetries - numMaxDelayRetries
  const step = afterNone - numMinDelayRetries
  if (step <= 0) return policy.minDelayTarget * 1_000
  if (step > growing) return policy.maxDelayTarget * 1_000
  return Math.round(grownDelay(policy, step, growing) * 1_000)
}

/** From the shortest to the longest pause in `steps`, the last of which is the longest. */
function grownDelay(
  { minDelayTarget: least, maxDelayTarget: most, backoffFunction }: RetryPolicy,
  step: number,
  steps: number,
) {
  const part = step / steps
  switch (backoffFunction) {
    case 'arithmetic':
      // The pauses themselves grow by a growing difference.
      return least + (most - least) * ((step * (step + 1)) / (steps * (steps + 1)))
    case 'geometric':
      return least * (most / least) ** part
    case 'exponential':
      return Math.min(most, least * 2 ** step)
    default:
      return least + (most - least) * part
  }
}

/** AWS's limits. A policy takes an hour at most. */
const retriesMax = 100
const delaySecondsMax = 3_600
const totalSecondsMax = 3_600

/** The pauses of a whole policy, seconds. */
export function totalSeconds(policy: RetryPolicy): number {
  let sum = 0
  for (let failures = 1; failures <= policy.numRetries; failures++) sum += pauseAfterFailures(policy, failures)! / 1_000
  return sum
}

/** Reads a `healthyRetryPolicy`; what it does not name has its default. A text says what is wrong. */
export function readRetryPolicy(value: unknown): RetryPolicy | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'the retry policy must be an object'
  const given = new Map<string, unknown>(Object.entries(value))
  const unknown = [...given.keys()].find((name) => !Object.hasOwn(defaultHttpPolicy, name))
  if (unknown !== undefined) return `unexpected JSON member: ${unknown.slice(0, 40)}`
  const { backoffFunction = 'linear', ...numbers } = Object.fromEntries(given)
  if (!isBackoffFunction(backoffFunction)) return `backoffFunction must be one of ${backoffFunctions.join(', ')}`
  for (const [name, number] of Object.entries(numbers)) {
    const most = name.endsWith('Target') ? delaySecondsMax : retriesMax
    const least = name.endsWith('Target') ? 1 : 0
    if (!Number.isInteger(number) || Number(number) < least || Number(number) > most)
      return `${name} must be a whole number from ${least} to ${most}`
  }
  return checked({ ...defaultHttpPolicy, ...(numbers as Partial<RetryPolicy>), backoffFunction })
}

function checked(policy: RetryPolicy): RetryPolicy | string {
  const { numRetries, numNoDelayRetries, numMinDelayRetries, numMaxDelayRetries } = policy
  if (policy.minDelayTarget > policy.maxDelayTarget) return 'minDelayTarget must not be above maxDelayTarget'
  if (numNoDelayRetries + numMinDelayRetries + numMaxDelayRetries > numRetries)
    return 'numRetries must not be below the sum of the retries of its phases'
  if (totalSeconds(policy) > totalSecondsMax) return `all pauses together must not be above ${totalSecondsMax} seconds`
  return policy
}

const isBackoffFunction = (value: unknown): value is BackoffFunction => backoffFunctions.some((each) => each === value)
