import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { childExecArgv, createMutex, siblingModule, workerLimits } from '../process/index.ts'
import type { PackResult, Sealer } from './sealer.ts'

/**
 * Compresses in one worker thread, so that sealing never delays an append. The thread is started with the first request and
 * again after it died; it does not keep the process alive.
 */
export function createWorkerSealer(): Sealer {
  let worker: Worker | undefined
  const inTurn = createMutex()

  const started = (): Worker => {
    if (worker) return worker
    const made = new Worker(siblingModule(import.meta.url, './seal-worker'), {
      execArgv: childExecArgv(),
      resourceLimits: workerLimits,
    })
    made.unref()
    // A dead thread is replaced at the next request; the request under way fails and the segment is sealed again later.
    made.on('error', () => (worker = undefined))
    made.on('exit', () => (worker = undefined))
    return (worker = made)
  }

  async function pack(request: Parameters<Sealer['pack']>[0]): Promise<PackResult> {
    const thread = started()
    const ended = new AbortController()
    const exited = once(thread, 'exit', { signal: ended.signal }).then(() => {
      throw new Error('the sealing thread ended')
    })
    try {
      const answered = once(thread, 'message', { signal: ended.signal })
      thread.postMessage(request, [request.entries.buffer])
      const [answer] = (await Promise.race([answered, exited])) as [{ result?: PackResult; error?: string }]
      if (!answer.result) throw new Error(`sealing failed: ${answer.error}`)
      return answer.result
    } finally {
      ended.abort()
      await exited.catch(() => undefined)
    }
  }

  return {
    pack: (request) => inTurn(() => pack(request)),
    close: () => inTurn(async () => void (await worker?.terminate())),
  }
}
