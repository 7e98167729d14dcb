import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, test } from 'vitest'
import { call } from './cli.testing.ts'
import { readMessages, type StreamMessage } from './event-stream.ts'

const event = (number: number) => ({
  eventId: `e${number}`,
  eventTime: '2026-11-20T11:59:50Z',
  eventName: 'DeleteBucket',
  eventSource: 's3.amazonaws.com',
  category: 'Management',
  username: 'alice\u001b[2J',
  resources: [{ name: 'logs' }],
  record: `{"eventID":\n"e${number}"}`,
})
const message = (number: number) => `event: event\nid: after-${number}\ndata: ${JSON.stringify(event(number))}\n\n`

let server: Server | undefined
afterEach(() => server?.close())

/** Answers the n-th request with the n-th text, and ends there. */
async function serve(...answers: readonly (string | number)[]) {
  const targets: string[] = []
  const started = createServer((incoming, outgoing) => {
    const answer = answers[targets.length]
    targets.push(incoming.url!)
    if (typeof answer === 'string') outgoing.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(answer)
    else
      outgoing
        .writeHead(answer ?? 500)
        .end(JSON.stringify({ __type: answer === 503 ? 'ServiceUnavailable' : 'PositionLostException', Message: 'no' }))
  })
  server = started
  await new Promise<void>((resolve) => void started.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(started.address() as AddressInfo).port}`
  const environment = { OPENTRAIL_ENDPOINT: endpoint, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }
  // The first request asks whether it is a test server.
  return { targets, run: (...args: string[]) => call(['tail', ...args], { environment }) }
}

describe('opentrail tail', () => {
  test('goes on with the last id where the connection ended, also over a server that is not ready', async () => {
    const { run, targets } = await serve(
      404,
      `id: begin\n\n${message(1)}${message(2)}`,
      503,
      `: heartbeat\nid: after-2\n\n${message(3)}`,
    )
    const { exitCode, stdout } = await run('--where', 'alice', '--max-items', '3', '--format', 'ndjson')
    assert.deepEqual([exitCode, stdout], [0, '{"eventID": "e1"}\n{"eventID": "e2"}\n{"eventID": "e3"}\n'])
    assert.deepEqual(
      targets.slice(1).map((target) => new URL(target, 'http://x').searchParams.get('cursor')),
      [null, 'after-2', 'after-2'],
    )
  })

  test('prints a line that does nothing to the terminal', async () => {
    const { run } = await serve(404, message(1))
    const { stdout } = await run('--max-items', '1')
    assert.equal(stdout, '2026-11-20T11:59:50Z  DeleteBucket  s3  alice [2J  logs\n')
  })

  test('ends where the server will never give what is asked for', async () => {
    const { run } = await serve(404, message(1), 410)
    const { exitCode, stderr } = await run()
    assert.equal(exitCode, 1)
    assert.match(stderr, /FollowEvents failed \(PositionLostException\)/)
  })
})

test('messages come out whole however the bytes are cut', async () => {
  const text = `: comment\nid: 1\n\n${message(2)}data: a\ndata:b\n\n`
  for (let size = 1; size < text.length; size += 7) {
    const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
      text.slice(at * size, (at + 1) * size),
    )
    const cut = async function* () {
      yield* chunks
    }
    const got: StreamMessage[] = []
    for await (const each of readMessages(cut())) got.push(each)
    assert.deepEqual(
      got.map((each) => [each.event, each.id, each.data.length]),
      [
        ['message', '1', 0],
        ['event', 'after-2', JSON.stringify(event(2)).length],
        ['message', undefined, 3],
      ],
    )
  }
})
