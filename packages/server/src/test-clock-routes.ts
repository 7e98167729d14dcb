import type { Schedule, VirtualClock } from './clock/index.ts'
import { ScheduleBoundError } from './clock/index.ts'
import type { Exchange, Route } from './http/index.ts'
import { ApiError } from './operations/index.ts'

/** Ten years: beyond it a test has mistaken its unit. */
const advanceMsMax = 3_660 * 86_400_000
const bodyBytesMax = 1_024

/**
 * The virtual clock of a test server over HTTP. Exists in test mode only, on loopback only, and asks for no signature:
 * a test moves the clock before it has credentials.
 */
export function testClockRoutes(clock: VirtualClock, schedule: Schedule): Route[] {
  const state = () => ({ now: new Date(clock.now()).toISOString(), frozen: clock.frozen() })
  const route = (
    method: string,
    path: string,
    act: (body: Record<string, unknown>) => Promise<void> | void,
  ): Route => ({
    method,
    path: `/test/clock${path}`,
    bodyBytesMax,
    async handle(exchange) {
      await act(method === 'GET' ? {} : await readObject(exchange))
      exchange.respond({ status: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(state()) })
    },
  })
  return [
    route('GET', '', () => {}),
    route('POST', '/advance', async ({ milliseconds }) => {
      if (typeof milliseconds !== 'number' || !(milliseconds >= 0 && milliseconds <= advanceMsMax)) {
        throw new ApiError('ValidationException', `milliseconds must be a number from 0 to ${advanceMsMax}.`)
      }
      await bounded(schedule.advance(milliseconds, clock.set))
    }),
    route('POST', '/set', async ({ time }) => {
      const target = typeof time === 'string' ? Date.parse(time) : Number.NaN
      if (Number.isNaN(target))
        throw new ApiError('ValidationException', 'time must be a time such as 2027-01-01T00:00:00Z.')
      // Forward runs what falls due on the way; backward is a plain jump, as on a real machine.
      if (target >= clock.now()) await bounded(schedule.advance(target - clock.now(), clock.set))
      else clock.set(target)
    }),
    route('POST', '/freeze', () => clock.freeze()),
    route('POST', '/unfreeze', () => clock.unfreeze()),
  ]
}

async function bounded(advancing: Promise<void>): Promise<void> {
  try {
    await advancing
  } catch (error) {
    if (error instanceof ScheduleBoundError) throw new ApiError('ValidationException', error.message)
    throw error
  }
}

async function readObject(exchange: Exchange): Promise<Record<string, unknown>> {
  const text = (await exchange.readBody(bodyBytesMax)).toString()
  try {
    const body = JSON.parse(text === '' ? '{}' : text) as unknown
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  } catch {
    // Falls through to the one answer for whatever is no object.
  }
  throw new ApiError('SerializationException', 'The body must be a JSON object.')
}
