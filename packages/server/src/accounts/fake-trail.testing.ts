import type { ControlStore } from '../control/index.ts'
import type { ApiCall, SelfTrail } from '../selftrail/index.ts'

export interface FakeTrail extends SelfTrail {
  /** All events of the control store's outbox and all that were recorded, oldest first. */
  events(): Promise<ApiCall[]>
  /** The next calls fail with this, before anything happens. */
  refuseWith(error: Error | undefined): void
}

/** A self-trail that keeps its events as documents, those of changes in the same transaction as the change. */
/** `process` keeps the events of several processes on one store apart. */
export function createFakeTrail(control: ControlStore, process: number): FakeTrail {
  let refusal: Error | undefined
  let number = 0
  const next = (call: ApiCall) => ({
    key: `outbox/${digits(process)}/${digits(number++)}`,
    value: call,
    ifVersion: 0,
  })
  return {
    async record(call) {
      if (refusal) throw refusal
      await control.transact([next(call)])
    },
    async commit(writes, call) {
      if (refusal) throw refusal
      await control.transact([...writes, next(call)])
    },
    events: async () => (await control.list<ApiCall>('outbox/')).map(({ value }) => value),
    refuseWith(error) {
      refusal = error
    },
  }
}

const digits = (count: number): string => String(count).padStart(6, '0')
