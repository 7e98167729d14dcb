import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface ServerProcess {
  readonly endpoint: string
  /** Resident memory of the process and its threads now, and its maximum since the last question. Bytes. */
  memory(): Promise<{ readonly rss: number; readonly rssMax: number }>
  close(): Promise<void>
}

/** A test-mode server of this checkout's sources in a process of its own. */
export async function startServerProcess(flags: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  const all = { test: 'true', port: '0', 'log-level': 'error', ...flags }
  const child = fork(fileURLToPath(new URL('serve.ts', import.meta.url)), [JSON.stringify(all)], {
    execArgv: ['--conditions=opentrail-source'],
  })
  const exited = once(child, 'exit')
  const answer = async () => {
    const message = await Promise.race([once(child, 'message'), exited.then(() => undefined)])
    if (!message) throw new Error('the server process has ended')
    return (message as unknown[])[0]
  }
  const { endpoint } = (await answer()) as { endpoint: string }
  return {
    endpoint,
    async memory() {
      const next = answer()
      child.send('rss')
      return (await next) as { rss: number; rssMax: number }
    },
    async close() {
      if (child.connected) child.send('close')
      await exited
    },
  }
}
