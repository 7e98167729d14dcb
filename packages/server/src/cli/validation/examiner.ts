import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { childExecArgv, siblingModule, workerLimits } from '../../process/index.ts'
import { examineLogFile, type Examined, type ExamineOptions } from './examine-log-file.ts'

/** Examines log files on all processors. Whoever makes one closes it. */
export interface Examiner {
  /** `body` is given away: its memory may move to another thread. */
  examine(body: Uint8Array, options: ExamineOptions): Promise<Examined>
  /** Ends the threads; what is under way fails. */
  close(): Promise<void>
}

export interface ExamineTask {
  readonly id: number
  readonly body: Uint8Array
  readonly options: ExamineOptions
}
export type ExamineAnswer =
  { readonly id: number; readonly examined: Examined } | { readonly id: number; readonly error: string }

/** Fetching takes one processor for some ten that examine, so more threads than this would wait for it. */
const threadsMax = 16
/** What is smaller is examined sooner than it could be handed over. */
const handedOverBytesLeast = 8 * 1024
/** A thread has its next log file before it is done with one. */
const tasksPerThread = 2

interface Thread {
  readonly worker: Worker
  readonly underWay: Map<number, Waiting>
}
interface Waiting {
  readonly task: ExamineTask
  readonly resolve: (examined: Examined) => void
  readonly reject: (error: Error) => void
}

/** Threads start as they are needed: a trail with small log files has none. */
export function createExaminer({ threads: most = Math.min(availableParallelism(), threadsMax) } = {}): Examiner {
  const threads: Thread[] = []
  /** Bounded by those who call. */
  const queue: Waiting[] = []
  let lastId = 0
  let isClosed = false

  function start(): Thread {
    const worker = new Worker(siblingModule(import.meta.url, './examine-worker'), {
      execArgv: childExecArgv(),
      resourceLimits: workerLimits,
    })
    const thread: Thread = { worker, underWay: new Map() }
    const fail = (cause: unknown): void => {
      if (threads.includes(thread)) threads.splice(threads.indexOf(thread), 1)
      for (const { reject } of thread.underWay.values()) reject(new Error('a thread that examines ended', { cause }))
      thread.underWay.clear()
      handOver()
    }
    worker.on('message', (answer: ExamineAnswer) => settle(thread, answer))
    worker.on('error', fail)
    worker.on('exit', fail)
    threads.push(thread)
    return thread
  }

  function settle({ underWay }: Thread, answer: ExamineAnswer): void {
    const waiting = underWay.get(answer.id)
    underWay.delete(answer.id)
    if ('examined' in answer) waiting?.resolve(answer.examined)
    else waiting?.reject(new Error(`a log file could not be examined: ${answer.error}`))
    handOver()
  }

  /** To an idle thread, else to a new one, else to the one with the least to do. */
  function freeThread(): Thread | undefined {
    const [least] = threads.toSorted((one, other) => one.underWay.size - other.underWay.size)
    if (least?.underWay.size === 0) return least
    if (threads.length < most) return start()
    return least && least.underWay.size < tasksPerThread ? least : undefined
  }

  function handOver(): void {
    if (isClosed) return
    while (queue.length > 0) {
      const thread = freeThread()
      if (!thread) return
      const waiting = queue.shift()!
      const { task } = waiting
      thread.underWay.set(task.id, waiting)
      thread.worker.postMessage(task, [task.body.buffer as ArrayBuffer])
    }
  }

  return {
    async examine(body, options) {
      if (isClosed) throw new Error('the examiner is closed')
      if (body.length < handedOverBytesLeast) return examineLogFile(body, options)
      return new Promise((resolve, reject) => {
        queue.push({ task: { id: ++lastId, body: owned(body), options }, resolve, reject })
        handOver()
      })
    },
    async close() {
      isClosed = true
      await Promise.all(threads.map(({ worker }) => worker.terminate()))
      for (const { reject } of queue.splice(0)) reject(new Error('the examiner is closed'))
    },
  }
}

/** Memory that is shared with others cannot be given away. */
const owned = (body: Uint8Array): Uint8Array =>
  body.buffer instanceof ArrayBuffer && body.byteLength === body.buffer.byteLength ? body : Uint8Array.from(body)
