import { connect } from '../connection.ts'
import { print, printJson, type CliContext } from '../context.ts'
import type { FormatFlags } from '../flags.ts'
import {
  advanceTestClock,
  freezeTestClock,
  readTestClock,
  setTestClock,
  unfreezeTestClock,
  type TestClock,
} from '../test-clock.ts'
import { formatTime, parseDuration, parseTime } from '../times.ts'
import { misuse } from '../command-error.ts'

export interface ClockFlags extends FormatFlags {
  readonly endpoint?: string
}

export async function show(this: CliContext, flags: ClockFlags): Promise<void> {
  report(this, flags, await readTestClock(await endpointOf(this, flags)))
}

/** Returns when all work that fell due on the way has been done. */
export async function advance(this: CliContext, flags: ClockFlags, duration: string): Promise<void> {
  const milliseconds = parseDuration(duration)
  report(this, flags, await advanceTestClock(await endpointOf(this, flags), milliseconds))
}

export async function set(this: CliContext, flags: ClockFlags, time: string): Promise<void> {
  if (/^[\d.]+[a-z]/.test(time))
    throw misuse(`"${time}" is a duration; "clock advance ${time}" moves the time on by it`)
  const moment = formatTime(parseTime(time, this.now()))
  report(this, flags, await setTestClock(await endpointOf(this, flags), moment))
}

export async function freeze(this: CliContext, flags: ClockFlags): Promise<void> {
  report(this, flags, await freezeTestClock(await endpointOf(this, flags)))
}

export async function unfreeze(this: CliContext, flags: ClockFlags): Promise<void> {
  report(this, flags, await unfreezeTestClock(await endpointOf(this, flags)))
}

const endpointOf = async (context: CliContext, flags: ClockFlags): Promise<string> =>
  (await connect(context, flags)).endpoint

const report = (context: CliContext, flags: ClockFlags, clock: TestClock): void =>
  flags.format === 'json' ? printJson(context, clock) : print(context, `${clock.now}${clock.frozen ? ' (frozen)' : ''}`)
