import { parentPort } from 'node:worker_threads'
import { examineLogFile, letGo } from './examine-log-file.ts'
import type { ExamineAnswer, ExamineTask } from './examiner.ts'

// The thread of `createExaminer`.
parentPort!.on('message', ({ id, body, options }: ExamineTask) => {
  examineLogFile(body, options)
    .then(
      (examined) => answer({ id, examined }),
      (error: unknown) =>
        answer({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
    .finally(() => letGo(body))
})

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
const answer = (message: ExamineAnswer): void => parentPort!.postMessage(message)
