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
    try {
      yield* content.read()
    } catch (error) {
      failure = error
      throw error
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
