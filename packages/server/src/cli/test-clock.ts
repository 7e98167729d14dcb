import { CommandError } from './command-error.ts'
import { request } from './http-client.ts'

/** The virtual clock of a test server. */
export interface TestClock {
  /** ISO, domain time. */
  readonly now: string
  readonly frozen: boolean
}

/** Time to answer a plain question. */
const answerMs = 10_000
/** Advancing returns when all work that fell due is done; a day of virtual time may take minutes. */
const advanceMs = 15 * 60_000

/** Only a test server has clock routes. An unreachable one throws. */
export async function isTestServer(endpoint: string): Promise<boolean> {
  return (await request({ method: 'GET', url: `${endpoint}/test/clock`, timeoutMs: answerMs })).status === 200
}

export const readTestClock = (endpoint: string): Promise<TestClock> => call(endpoint, 'GET', '', undefined, answerMs)
export const advanceTestClock = (endpoint: string, milliseconds: number): Promise<TestClock> =>
  call(endpoint, 'POST', '/advance', { milliseconds }, advanceMs)
export const setTestClock = (endpoint: string, time: string): Promise<TestClock> =>
  call(endpoint, 'POST', '/set', { time }, advanceMs)
export const freezeTestClock = (endpoint: string): Promise<TestClock> => call(endpoint, 'POST', '/freeze', {}, answerMs)
export const unfreezeTestClock = (endpoint: string): Promise<TestClock> =>
  call(endpoint, 'POST', '/unfreeze', {}, answerMs)

async function call(
  endpoint: string,
  method: string,
  route: string,
  body: object | undefined,
  timeoutMs: number,
): Promise<TestClock> {
  const { status, text } = await request({
    method,
    url: `${endpoint}/test/clock${route}`,
    ...(body && { headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) }),
    timeoutMs,
  })
  if (status === 404) throw new CommandError(`${endpoint} is no test server: only "start --test" has a virtual clock`)
  if (status !== 200) throw new CommandError(`the clock did not move: ${errorText(text, status)}`)
  const clock = JSON.parse(text) as Partial<TestClock>
  // Some answers carry the new time only.
  if (typeof clock.now !== 'string') return readTestClock(endpoint)
  return { now: clock.now, frozen: clock.frozen === true }
}

/** The message of an error answer in any of the shapes our planes use, or the status. */
export function errorText(text: string, status: number): string {
  try {
    const answer = JSON.parse(text) as { message?: string; Message?: string; error?: { message?: string } | string }
    const message = typeof answer.error === 'object' ? answer.error.message : answer.error
    return answer.Message ?? answer.message ?? message ?? `status ${status}`
  } catch {
    return `status ${status}`
  }
}
