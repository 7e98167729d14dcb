import assert from 'node:assert/strict'
import { test } from 'vitest'
import { controlStoreContract } from './control-store.contract.ts'
import { ControlUnavailableError } from './control-store.ts'
import { createMemoryControlStore, type FaultPoint } from './memory-control-store.ts'

controlStoreContract('memory', async () => {
  let store = createMemoryControlStore()
  return {
    store,
    reopen: async () => (store = store.crash()),
    dispose: () => store.close(),
  }
})

test('a fault before the commit leaves nothing, one after it leaves everything', async () => {
  const faults: (FaultPoint | undefined)[] = ['before', 'after', undefined]
  const store = createMemoryControlStore({ fault: () => faults.shift() })
  await assert.rejects(store.transact([{ key: 'a', value: 1 }]), ControlUnavailableError)
  assert.equal(await store.get('a'), undefined)
  await assert.rejects(store.transact([{ key: 'b', value: 1 }]), ControlUnavailableError)
  assert.equal((await store.get('b'))!.value, 1)
  await store.transact([{ key: 'c', value: 1 }])
})

test('a crash takes what was not acknowledged and nothing else', async () => {
  const store = createMemoryControlStore()
  await store.transact([{ key: 'acknowledged', value: 1 }])
  const inFlight = store.transact([{ key: 'in flight', value: 1 }])
  const next = store.crash()
  await assert.rejects(inFlight, ControlUnavailableError)
  await assert.rejects(store.transact([{ key: 'later', value: 1 }]), ControlUnavailableError)
  assert.deepEqual(
    (await next.list('')).map(({ key }) => key),
    ['acknowledged'],
  )
})
