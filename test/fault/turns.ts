import { setImmediate as macrotask } from 'node:timers/promises'
import type { Timers } from '../../packages/server/src/clock/index.ts'

/** Turns of one run at most: a schedule takes some thousand; more means that something goes round and round. */
const turnsMax = 400_000
/** How often a pause ends although other work could go on: a timer may fire at any moment. */
const earlyTimerShare = 0.02
/** Longer waits end only when nothing else can happen, so that a lookup on a healthy system never gives up early. */
const earlyTimerMsMax = 500

/** Nothing can happen any more, or always the same: a promise that would never settle on a real machine either. */
export class StuckError extends Error {
  override readonly name = 'StuckError'
}

/** One simulated process: dead, it neither gets a turn nor hears a timer, like a process that was killed. */
export interface Process {
  readonly timers: Timers
  readonly alive: boolean
  /** Resolves when it is this call's turn; never, once the process is dead. */
  turn(): Promise<void>
  kill(): void
}

export interface Turns {
  process(): Process
  /** Real time as processes see it, ms; it moves only when nothing else can. */
  time(): number
  /** Gives turns, one at a time in random order, until `done`. @throws {StuckError} */
  run(done: () => boolean): Promise<void>
}

interface Waiting {
  readonly process: Process
  readonly go: () => void
}
interface Timer extends Waiting {
  readonly due: number
  readonly ms: number
}

const takeAt = <T>(list: T[], index: number): T => list.splice(index, 1)[0]!

/** Decides alone who goes on: between two turns all promises settle, so a schedule repeats for the same `random`. */
export function createTurns(random: () => number): Turns {
  let waiting: Waiting[] = []
  let timers: Timer[] = []
  let now = 0
  let turns = 0

  const earliest = () => timers.reduce((best, timer, index) => (timer.due < timers[best]!.due ? index : best), 0)

  function fireTimer(): void {
    const timer = takeAt(timers, earliest())
    now = Math.max(now, timer.due)
    timer.go()
  }

  function next(): void {
    const early = timers.length > 0 && timers[earliest()]!.ms <= earlyTimerMsMax && random() < earlyTimerShare
    if (waiting.length > 0 && !early) takeAt(waiting, Math.floor(random() * waiting.length)).go()
    else if (timers.length > 0) fireTimer()
    else throw new StuckError('somebody waits, and nothing can happen any more')
  }

  return {
    time: () => now,
    process() {
      let alive = true
      const process: Process = {
        get alive() {
          return alive
        },
        turn: () =>
          new Promise((resolve) => {
            if (alive) waiting.push({ process, go: resolve })
          }),
        timers: {
          after(ms, call) {
            const timer: Timer = { process, due: now + ms, ms, go: call }
            if (alive) timers.push(timer)
            return () => void (timers = timers.filter((other) => other !== timer))
          },
        },
        kill() {
          alive = false
          waiting = waiting.filter((other) => other.process !== process)
          timers = timers.filter((other) => other.process !== process)
        },
      }
      return process
    },
    async run(done) {
      for (;;) {
        // Lets every promise that can settle do so.
        await macrotask()
        if (done()) return
        if (turns++ > turnsMax) throw new StuckError(`no end after ${turnsMax} turns`)
        next()
      }
    },
  }
}
