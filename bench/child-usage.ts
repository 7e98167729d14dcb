import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

/** What a program took from start to end; from /proc, so on Linux alone. */
export interface Usage {
  readonly seconds: number
  /** User and system, of all its threads. */
  readonly cpuSeconds: number
  readonly rssMiB: number
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Ticks a second of /proc, on every Linux there is. */
const ticksPerSecond = 100
const pollMs = 20

/** Runs one program at a time: what it used is known from what this process's ended children did. */
export async function runMeasured(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Usage> {
  const before = endedChildrenTicks()
  const start = performance.now()
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  let rssMiB = 0
  const poll = setInterval(() => (rssMiB = Math.max(rssMiB, peakMiB(child.pid!))), pollMs)
  const [code] = (await once(child, 'close')) as [number | null]
  clearInterval(poll)
  const seconds = (performance.now() - start) / 1_000
  return { seconds, cpuSeconds: (endedChildrenTicks() - before) / ticksPerSecond, rssMiB, code, ...output }
}

/** User and system time of a process and its threads so far, in seconds. */
export const cpuSecondsOf = (pid: number): number => {
  const fields = statOf(pid)
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

export const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

function endedChildrenTicks(): number {
  const fields = statOf(process.pid)
  return Number(fields[13]) + Number(fields[14])
}

/** The fields after the name, which may have spaces; proc(5) counts them from 3. */
const statOf = (pid: number): string[] => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')

function peakMiB(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024
  } catch {
    return 0
  }
}
