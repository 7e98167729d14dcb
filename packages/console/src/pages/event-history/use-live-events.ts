import type { ApiEvent } from '@opentrail/core/api'
import { useEffect, useState } from 'react'
import type { ApiClient, Parameters } from '../../api/client.ts'
import { ApiFailure } from '../../api/failure.ts'
import { readMessages } from '../../api/live-stream.ts'

export interface LiveEvents {
  /** Newest first. */
  readonly events: readonly ApiEvent[]
  /** `stopped`: it does not become better by itself. */
  readonly state: 'connecting' | 'listening' | 'broken' | 'stopped'
  /** Since the beginning; older ones than are kept are in the search. */
  readonly count: number
  readonly failure?: Error
}

/** What a person can look at, and a browser hold without effort. */
const keptMax = 500
const pauseMs = 2_000
const pauseMsMax = 30_000

const nothing: LiveEvents = { events: [], state: 'connecting', count: 0 }

/** Events as they come in, as long as `isOn`. A connection that breaks is taken up where it was. */
export function useLiveEvents(
  client: ApiClient,
  parameters: Parameters,
  isOn: boolean,
): LiveEvents & { readonly again: () => void } {
  const [live, setLive] = useState(nothing)
  const [attempt, setAttempt] = useState(0)
  const key = JSON.stringify(parameters)
  useEffect(() => {
    setLive(nothing)
    if (!isOn) return undefined
    const ending = new AbortController()
    void follow(client, JSON.parse(key) as Parameters, ending.signal, setLive)
    return () => ending.abort()
  }, [client, key, isOn, attempt])
  return { ...live, again: () => setAttempt((before) => before + 1) }
}

type Change = (change: (before: LiveEvents) => LiveEvents) => void

async function follow(client: ApiClient, parameters: Parameters, signal: AbortSignal, change: Change): Promise<void> {
  let cursor: string | undefined
  let failures = 0
  while (!signal.aborted) {
    try {
      const body = await client.stream('/api/v1/live', { ...parameters, cursor }, signal)
      failures = 0
      change(({ events, count }) => ({ events, count, state: 'listening' }))
      for await (const { event, data, id } of readMessages(body)) {
        cursor = id ?? cursor
        if (event !== 'event') continue
        const own = JSON.parse(data) as ApiEvent
        change((before) => ({ ...before, events: [own, ...before.events].slice(0, keptMax), count: before.count + 1 }))
      }
    } catch (error) {
      if (signal.aborted) return
      failures++
      const failure = failureOf(error)
      // What cannot become better by itself is told, and not tried again.
      if (!['unreachable', 'throttled', 'unavailable'].includes(failure.kind))
        return change((before) => ({ ...before, state: 'stopped', failure }))
      change((before) => ({ ...before, state: 'broken', ...(failures > 1 && { failure }) }))
    }
    await pause(Math.min(pauseMsMax, pauseMs * 2 ** Math.min(failures, 5)), signal)
  }
}

/** A connection that breaks in the middle of a message has no answer to tell. */
const failureOf = (error: unknown): ApiFailure =>
  error instanceof ApiFailure ? error : new ApiFailure('unreachable', 'The connection broke.', { cause: error })

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
