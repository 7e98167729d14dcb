import type { Connection } from './connection.ts'
import type { CliContext } from './context.ts'
import { readTestClock } from './test-clock.ts'

/** The server's domain time, ms: virtual on a test server, else the wall clock. */
export async function domainNow(context: CliContext, { endpoint, testMode }: Connection): Promise<number> {
  return testMode ? Date.parse((await readTestClock(endpoint)).now) : context.now()
}
