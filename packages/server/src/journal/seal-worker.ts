import { parentPort } from 'node:worker_threads'
import { packRun, type PackRequest } from './sealer.ts'

/* oxlint-disable unicorn/require-post-message-target-origin -- a worker's port has no origin */

/** The worker's side of `createWorkerSealer`: one request in, one answer out, in order. */
parentPort?.on('message', (request: PackRequest) => {
  try {
    const result = packRun(request)
    parentPort?.postMessage({ result }, [result.ids.buffer])
  } catch (error) {
    parentPort?.postMessage({ error: String(error) })
  }
})
