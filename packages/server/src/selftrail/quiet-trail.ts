import type { ControlStore } from '../control/index.ts'
import type { SelfTrail } from './api-call.ts'

/**
 * Changes what is to be changed and records nothing: for a server that shows other people's logs, read-only and on this
 * machine alone, in whose history its own calls would only be in the way.
 */
export const createQuietTrail = (control: Pick<ControlStore, 'transact'>): SelfTrail => ({
  record: async () => {},
  async commit(writes, _call, { committed } = {}) {
    await control.transact(writes)
    committed?.()
  },
})
