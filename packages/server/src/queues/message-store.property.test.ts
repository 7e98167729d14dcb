import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import {
  ControlUnavailableError,
  createMemoryControlStore,
  type ControlStore,
  type FaultPoint,
} from '../control/index.ts'
import { ApiError } from '../operations/index.ts'
import { message, openTestStore, testQueue, type TestStore } from './message-store.testing.ts'
import { noon } from './queues.testing.ts'
import type { Receipt } from './receipt-handle.ts'
import type { ReceivedMessage } from './receiving.ts'

const numRuns = Number(process.env['QUEUE_RUNS'] ?? 300)
const secondMs = 1_000
const retentionMs = 600 * secondMs
const attributes = { MessageRetentionPeriod: '600', VisibilityTimeout: '30' }
const fifoAttributes = { ...attributes, FifoQueue: 'true' }

type Act =
  | { readonly kind: 'send'; readonly group: string; readonly delaySeconds: number; readonly count: number }
  | { readonly kind: 'receive'; readonly max: number; readonly visibilitySeconds: number }
  | { readonly kind: 'delete'; readonly which: number }
  | { readonly kind: 'change'; readonly which: number; readonly visibilitySeconds: number }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'tidy' }
  | { readonly kind: 'purge' }
  | { readonly kind: 'restart' }

const acts = (rarely: number): fc.Arbitrary<Act> =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('send' as const),
        group: fc.constantFrom('a', 'a', 'b'),
        delaySeconds: fc.constantFrom(0, 0, 0, 5),
        count: fc.integer({ min: 1, max: 3 }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('receive' as const),
        max: fc.integer({ min: 1, max: 10 }),
        visibilitySeconds: fc.constantFrom(0, 10, 30),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), which: fc.nat(8) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('change' as const),
        which: fc.nat(8),
        visibilitySeconds: fc.constantFrom(0, 20, 60),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(1, 9, 31, 200) }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'tidy' as const }) },
    { weight: rarely, arbitrary: fc.constant({ kind: 'purge' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  )

/** A message as a simple mind sees it. */
interface Known {
  readonly body: string
  readonly group: string
  readonly sentAt: number
  visibleAt: number
  receives: number
}

/** Messages that may be received together now, in the order of a FIFO queue. */
function fifoReady(all: readonly Known[], now: number, max: number): Map<string, string[]> {
  const ready = new Map<string, string[]>()
  for (const group of new Set(all.map((each) => each.group))) {
    const members = all.filter((each) => each.group === group)
    if (members.some(({ receives, visibleAt }) => receives > 0 && visibleAt > now)) continue
    const hidden = members.findIndex(({ visibleAt }) => visibleAt > now)
    ready.set(
      group,
      members.slice(0, hidden === -1 ? max : hidden).map(({ body }) => body),
    )
  }
  return ready
}

describe.each(['standard', 'fifo'])('a %s queue without faults', (kind) => {
  const isFifo = kind === 'fifo'
  test('does what a list of messages does, across restarts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(acts(1), { maxLength: 60 }), async (plan) => {
        const clock = { now: noon }
        let control = createMemoryControlStore()
        const queue = testQueue('q', isFifo ? fifoAttributes : attributes)
        let current = queue
        let { store }: TestStore = await openTestStore(control, [queue], clock)
        let known: Known[] = []
        const receipts: { readonly receipt: Receipt; readonly body: string }[] = []
        let sent = 0
        for (const act of plan) {
          switch (act.kind) {
            case 'send': {
              // A FIFO queue's messages have the queue's delay, all the same.
              const delayMs = isFifo ? 0 : act.delaySeconds * secondMs
              const bodies = Array.from({ length: act.count }, () => `m${sent++}`)
              await store.send(
                current,
                bodies.map((body) =>
                  message(body, { delayMs, group: act.group, ...(isFifo && { deduplicationId: body }) }),
                ),
              )
              const fresh = { group: act.group, sentAt: clock.now, visibleAt: clock.now + delayMs, receives: 0 }
              known.push(...bodies.map((body) => ({ ...fresh, body })))
              break
            }
            case 'receive': {
              const visibilityMs = act.visibilitySeconds * secondMs
              const received = await store.receive(current, { max: act.max, visibilityMs, overLimit: 'throws' })
              check(received, known, clock.now, act.max, isFifo)
              for (const { content, entry, receipt } of received) {
                const one = known.find(({ body }) => body === content.body)!
                one.receives++
                one.visibleAt = clock.now + visibilityMs
                assert.equal(entry.receives, one.receives)
                assert.equal(entry.sentAt, one.sentAt)
                receipts.push({ receipt, body: content.body })
              }
              break
            }
            case 'delete': {
              const chosen = receipts.at(-1 - (act.which % Math.max(1, receipts.length)))
              if (!chosen) break
              const one = known.find(({ body }) => body === chosen.body)
              const isCurrent = one?.receives === chosen.receipt.receives
              const isStale = one && (!isCurrent || (isFifo && one.visibleAt <= clock.now))
              const [outcome] = await store.delete(current, [chosen.receipt])
              assert.equal(outcome?.code, isStale && isFifo ? 'InvalidParameterValue' : undefined)
              if (one && !isStale) known = known.filter((each) => each !== one)
              break
            }
            case 'change': {
              const chosen = receipts.at(-1 - (act.which % Math.max(1, receipts.length)))
              if (!chosen) break
              const one = known.find(({ body }) => body === chosen.body)
              const [outcome] = await store.changeVisibility(current, [
                { receipt: chosen.receipt, visibilityMs: act.visibilitySeconds * secondMs },
              ])
              const isInFlight = one && one.receives === chosen.receipt.receives && one.visibleAt > clock.now
              assert.equal(
                outcome?.code,
                isInFlight ? undefined : one && !isFifo ? 'MessageNotInflight' : 'InvalidParameterValue',
              )
              if (isInFlight) one.visibleAt = clock.now + act.visibilitySeconds * secondMs
              break
            }
            case 'wait':
              clock.now += act.seconds * secondMs
              // What has expired may still be received until it is tidied away; here it is at once.
              await store.tidy([current])
              known = known.filter(({ sentAt }) => sentAt > clock.now - retentionMs)
              break
            case 'tidy':
              await store.tidy([current])
              break
            case 'purge':
              current = testQueue('q', isFifo ? fifoAttributes : attributes, store.lastSequence())
              store.purge(current, store.lastSequence())
              known = []
              break
            case 'restart':
              control = control.crash()
              ;({ store } = await openTestStore(control, [current], clock))
          }
          const hidden = known.filter(({ visibleAt }) => visibleAt > clock.now)
          const delayed = hidden.filter(({ receives }) => receives === 0).length
          assert.deepEqual(store.counts(current), {
            visible: known.length - hidden.length,
            inFlight: hidden.length - delayed,
            delayed,
          })
        }
        // Nothing stays behind in the store.
        store.drop(current.document.id)
        await store.tidy([])
        assert.deepEqual(
          (await control.list('queues/')).filter(({ key }) => key !== 'queues/sequence'),
          [],
        )
      }),
      { numRuns },
    )
  })
})

function check(
  received: readonly ReceivedMessage[],
  known: readonly Known[],
  now: number,
  max: number,
  isFifo: boolean,
) {
  const bodies = received.map(({ content }) => content.body)
  const visible = known.filter(({ visibleAt }) => visibleAt <= now).map(({ body }) => body)
  if (!isFifo) {
    assert.equal(bodies.length, Math.min(max, visible.length))
    assert.ok(bodies.every((body) => visible.includes(body)))
    return
  }
  const ready = fifoReady(known, now, max)
  assert.equal(bodies.length, Math.min(max, [...ready.values()].flat().length))
  for (const group of new Set(received.map(({ content }) => content.group ?? ''))) {
    const ofGroup = received.filter(({ content }) => content.group === group).map(({ content }) => content.body)
    assert.deepEqual(ofGroup, ready.get(group)?.slice(0, ofGroup.length), `group ${group}`)
  }
}

/** Reads fail, too. */
const failingReads = (control: ControlStore, fault: () => FaultPoint | undefined): ControlStore => ({
  ...control,
  get: (key) =>
    fault() === undefined ? control.get(key) : Promise.reject(new ControlUnavailableError('the connection broke')),
})

describe.each(['standard', 'fifo'])('a %s queue on a store that fails and a process that dies', (kind) => {
  const isFifo = kind === 'fifo'
  test('keeps what it acknowledged: sent is there, deleted never comes back, received comes back once it is visible', async () => {
    const faults = fc.infiniteStream(
      fc.oneof(
        { weight: 6, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constant<FaultPoint>('before') },
        { weight: 1, arbitrary: fc.constant<FaultPoint>('after') },
      ),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(acts(0), { maxLength: 60 }), faults, async (plan, stream) => {
        let healthy = true
        const fault = () => (healthy ? undefined : stream.next().value)
        const clock = { now: noon }
        let control = createMemoryControlStore({ fault })
        const queue = testQueue('q', isFifo ? fifoAttributes : attributes)
        let { store }: TestStore = await openTestStore(failingReads(control, fault), [queue], clock)
        healthy = false
        const there = new Map<string, { visibleAt: number; readonly group: string }>()
        const gone = new Set<string>()
        /** Sends and deletions that failed: either may have happened. */
        const unknown = new Set<string>()
        const receipts: { readonly receipt: Receipt; readonly body: string }[] = []
        const sendOrder: string[] = []
        let sent = 0
        const tried = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
          try {
            return await work()
          } catch (error) {
            assert.ok(error instanceof ApiError && error.status === 503, String(error))
            return undefined
          }
        }
        const checkReceived = (received: readonly ReceivedMessage[], at: number) => {
          for (const { content } of received) {
            assert.ok(!gone.has(content.body), `${content.body} came back`)
            const one = there.get(content.body)
            assert.ok(one || unknown.has(content.body), `${content.body} was never sent`)
            assert.ok(!one || one.visibleAt <= at, `${content.body} was hidden`)
          }
        }
        for (const act of plan) {
          switch (act.kind) {
            case 'send': {
              const bodies = Array.from({ length: act.count }, () => `m${sent++}`)
              const batch = bodies.map((body) =>
                message(body, { group: act.group, ...(isFifo && { deduplicationId: body }) }),
              )
              const first = await tried(() => store.send(queue, batch))
              // A client tries again; a FIFO queue must not have two of it then.
              const answer = first ?? (isFifo ? await tried(() => store.send(queue, batch)) : undefined)
              for (const body of bodies) {
                if (answer) there.set(body, { visibleAt: clock.now, group: act.group })
                else unknown.add(body)
              }
              sendOrder.push(...bodies)
              break
            }
            case 'receive': {
              const visibilityMs = act.visibilitySeconds * secondMs
              const received = await tried(() =>
                store.receive(queue, { max: act.max, visibilityMs, overLimit: 'throws' }),
              )
              checkReceived(received ?? [], clock.now)
              for (const { content, receipt } of received ?? []) {
                const one = there.get(content.body)
                if (one) one.visibleAt = clock.now + visibilityMs
                receipts.push({ receipt, body: content.body })
              }
              break
            }
            case 'delete': {
              const chosen = receipts.at(-1 - (act.which % Math.max(1, receipts.length)))
              if (!chosen) break
              const before = store.counts(queue)
              const answer = await tried(() => store.delete(queue, [chosen.receipt]))
              const after = store.counts(queue)
              const isGone = before.visible + before.inFlight > after.visible + after.inFlight
              if (answer && isGone) {
                there.delete(chosen.body)
                unknown.delete(chosen.body)
                gone.add(chosen.body)
              } else if (!answer) {
                there.delete(chosen.body)
                if (!gone.has(chosen.body)) unknown.add(chosen.body)
              }
              break
            }
            case 'change': {
              const chosen = receipts.at(-1 - (act.which % Math.max(1, receipts.length)))
              if (!chosen) break
              const visibilityMs = act.visibilitySeconds * secondMs
              const answer = await tried(() =>
                store.changeVisibility(queue, [{ receipt: chosen.receipt, visibilityMs }]),
              )
              const one = there.get(chosen.body)
              if (!one) break
              if (answer && !answer[0]) one.visibleAt = clock.now + visibilityMs
              else if (!answer) one.visibleAt = Math.min(one.visibleAt, clock.now)
              break
            }
            case 'wait':
              // Nothing expires: nobody tidies.
              clock.now += act.seconds * secondMs
              break
            case 'restart': {
              healthy = true
              control = control.crash({ fault })
              ;({ store } = await openTestStore(failingReads(control, fault), [queue], clock))
              healthy = false
              break
            }
            default:
              break
          }
        }
        healthy = true
        control = control.crash()
        ;({ store } = await openTestStore(control, [queue], clock))
        clock.now += 61 * secondMs // longer than any visibility
        const drained: ReceivedMessage[] = []
        for (;;) {
          const received = await store.receive(queue, { max: 10, visibilityMs: 30_000, overLimit: 'throws' })
          if (received.length === 0) break
          checkReceived(received, clock.now)
          drained.push(...received)
          await store.delete(
            queue,
            received.map(({ receipt }) => receipt),
          )
        }
        const bodies = drained.map(({ content }) => content.body)
        assert.equal(new Set(bodies).size, bodies.length, 'one of them was there twice')
        for (const body of there.keys()) assert.ok(bodies.includes(body), `${body} is lost`)
        if (!isFifo) return
        for (const group of ['a', 'b']) {
          const order = drained.filter(({ content }) => content.group === group).map(({ content }) => content.body)
          const acknowledged = order.filter((body) => there.has(body))
          assert.deepEqual(
            acknowledged,
            sendOrder.filter((body) => acknowledged.includes(body)),
          )
        }
      }),
      { numRuns },
    )
  })
})

describe.each(['standard', 'fifo'])('a %s queue that everybody uses at once', (kind) => {
  const isFifo = kind === 'fifo'
  test('has in the store what it has in memory, whoever was faster', async () => {
    const steps = fc.array(fc.record({ act: acts(1), pauses: fc.nat(3) }), { minLength: 10, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(steps, fc.infiniteStream(fc.nat(4)), async (plan, delays) => {
        const turns = async (count: number) => {
          for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
        }
        const clock = { now: noon }
        const control = createMemoryControlStore({ commitDelay: () => turns(delays.next().value ?? 0) })
        let queue = testQueue('q', isFifo ? fifoAttributes : attributes)
        const { store } = await openTestStore(control, [queue], clock)
        const receipts: Receipt[] = []
        const under: Promise<unknown>[] = []
        let sent = 0
        for (const { act, pauses } of plan) {
          const chosen = 'which' in act ? receipts.at(-1 - (act.which % Math.max(1, receipts.length))) : undefined
          if (act.kind === 'send')
            under.push(
              store.send(queue, [message(`m${sent++}`, { group: act.group, deduplicationId: `m${sent >> 1}` })]),
            )
          else if (act.kind === 'receive') {
            const visibilityMs = act.visibilitySeconds * secondMs
            const receiving = store.receive(queue, { max: act.max, visibilityMs, overLimit: 'throws' })
            under.push(receiving.then((received) => receipts.push(...received.map(({ receipt }) => receipt))))
          } else if (act.kind === 'delete' && chosen) under.push(store.delete(queue, [chosen, chosen]))
          else if (act.kind === 'change' && chosen)
            under.push(
              store.changeVisibility(queue, [{ receipt: chosen, visibilityMs: act.visibilitySeconds * secondMs }]),
            )
          else if (act.kind === 'wait') clock.now += act.seconds * secondMs
          else if (act.kind === 'tidy') under.push(store.tidy([queue]))
          else if (act.kind === 'purge') {
            queue = testQueue('q', isFifo ? fifoAttributes : attributes, store.lastSequence())
            store.purge(queue, store.lastSequence())
          }
          await turns(pauses)
        }
        await Promise.all(under)
        await store.tidy([])
        const suffixes = async (prefix: string) =>
          (await control.list(prefix)).map(({ key }) => key.slice(prefix.length))
        assert.deepEqual(await suffixes('queues/message/'), await suffixes('queues/content/'))
        const { store: next } = await openTestStore(control.crash(), [queue], clock)
        assert.deepEqual(next.counts(queue), store.counts(queue))
      }),
      { numRuns },
    )
  })
})
