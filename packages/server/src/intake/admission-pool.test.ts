import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, describe, test } from 'vitest'
import {
  AdmissionBusyError,
  createAdmissionPool,
  createInPlaceAdmission,
  type AdmissionPool,
} from './admission-pool.ts'
import { recordText, taskOf } from './intake.testing.ts'

let pool: AdmissionPool
afterEach(() => pool.close())

const body = (count: number) =>
  Array.from({ length: count }, (_, i) => (i % 7 === 3 ? 'no json' : recordText({}))).join('\n')

describe('admission pool', () => {
  test('a worker gives what the calling thread gives', async () => {
    pool = createAdmissionPool(1)
    const text = body(500)
    const [there, here] = await Promise.all([
      pool.admit(taskOf(text)),
      createInPlaceAdmission(randomUUID).admit(taskOf(text)),
    ])
    assert.deepEqual(there.refusals, here.refusals)
    assert.equal(there.received, 500)
    assert.deepEqual(
      there.admitted.map(({ stream, packed, indexes }) => [stream, Buffer.from(packed).toString('hex'), [...indexes]]),
      here.admitted.map(({ stream, packed, indexes }) => [stream, Buffer.from(packed).toString('hex'), [...indexes]]),
    )
  })

  test('a record cut by two chunks, admitted on different threads, is whole', async () => {
    pool = createAdmissionPool(1)
    const bytes = Buffer.from(body(200))
    const cut = bytes.length - 1_000
    const first = await pool.admit({ ...taskOf(''), chunk: new Uint8Array(bytes.subarray(0, cut)), isLast: false })
    const second = await pool.admit({ ...taskOf(''), chunk: new Uint8Array(bytes.subarray(cut)), state: first.state })
    const whole = await createInPlaceAdmission(randomUUID).admit(taskOf(bytes.toString()))
    assert.equal(first.received + second.received, 200)
    const indexes = [first, second].flatMap(({ admitted }) => admitted.flatMap((entries) => [...entries.indexes]))
    assert.deepEqual(indexes, [...whole.admitted[0]!.indexes])
  })

  test('what waits is bounded, and what was taken is answered', async () => {
    pool = createAdmissionPool(1)
    const text = body(200)
    const settled = await Promise.allSettled(Array.from({ length: 100 }, () => pool.admit(taskOf(text))))
    const refused = settled.filter(({ status }) => status === 'rejected')
    assert.ok(refused.length > 20 && refused.length < 60, `${refused.length}`)
    for (const outcome of refused) assert.ok((outcome as PromiseRejectedResult).reason instanceof AdmissionBusyError)
    assert.equal((await pool.admit(taskOf(text))).received, 200)
  })

  test('a task that breaks its worker fails alone', async () => {
    pool = createAdmissionPool(1)
    const broken = { ...taskOf(body(200)), context: null as never }
    const settled = await Promise.allSettled([pool.admit(broken), pool.admit(taskOf(body(200)))])
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    )
  })
})
