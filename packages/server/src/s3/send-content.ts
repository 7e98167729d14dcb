import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Answer, Exchange } from '../http/index.ts'
import type { StreamedContent } from './s3-call.ts'

/** What is so small is read first and sent in one piece; what is wrong with it can then still be said. */
const wholeBytesMax = 256 * 1_024

/**
 * Sends an answer with a body that is read as fast as the client takes it. Of a large one damage shows only on the way: the
 * connection is broken off then. Gives the content back in any case.
 */
export async function sendContent(
  exchange: Exchange,
  { status, headers = {} }: Answer,
  content: StreamedContent,
): Promise<void> {
  let failure: unknown
  async function* pieces(): AsyncGenerator<Uint8Array> {
    const reader = content.read()[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await reader.next().catch((error: unknown) => {
          failure = error
          throw error
        })
        if (next.done) return
        // A client that leaves is thrown in here: not at the reader, which would take it for damage.
        yield next.value
      }
    } finally {
      await reader.return?.()
    }
  }
  try {
    if (content.size <= wholeBytesMax) {
      const whole: Uint8Array[] = []
      for await (const piece of pieces()) whole.push(piece)
      exchange.respond({ status, headers, body: Buffer.concat(whole, content.size) })
      return
    }
    const { outgoing } = exchange
    if (outgoing.destroyed) return
    outgoing.writeHead(status, { ...headers, 'Content-Length': String(content.size) })
    await pipeline(Readable.from(pieces(), { objectMode: true }), outgoing)
  } catch (error) {
    // The client has gone, or does not read. Our own failure looks the same on the socket.
    if (failure === undefined && exchange.signal.aborted) return
    throw failure ?? error
  } finally {
    await content.close()
  }
}
