import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { readMessages, type StreamMessage } from './live-stream.ts'

async function read(text: string, cuts: readonly number[] = []): Promise<StreamMessage[]> {
  const bytes = new TextEncoder().encode(text)
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  const pieces = [...places, bytes.length].map((end, i) => bytes.slice(places[i - 1] ?? 0, end))
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece)
      controller.close()
    },
  })
  const messages: StreamMessage[] = []
  for await (const message of readMessages(body)) messages.push(message)
  return messages
}

test('messages come out as they were sent; comments and half a message do not', async () => {
  const text = ': hello\n\nid: 7\nevent: event\ndata: {"a":1}\n\ndata: 1\r\ndata:2\r\n\r\nevent: ping\n\ndata: half'
  assert.deepEqual(await read(text), [
    { event: 'event', data: '{"a":1}', id: '7' },
    { event: 'message', data: '1\n2', id: '7' },
  ])
})

test('where the network cuts does not matter', async () => {
  const text = 'data: zwölf 日本\r\n\r\nevent: x\r\ndata: b\r\n\r\n'
  const whole = await read(text)
  assert.equal(whole.length, 2)
  await fc.assert(fc.asyncProperty(fc.array(fc.nat()), async (cuts) => assert.deepEqual(await read(text, cuts), whole)))
})

test('a line without end is refused instead of collected', async () => {
  await assert.rejects(read('x'.repeat(5_000_000)), RangeError)
})
