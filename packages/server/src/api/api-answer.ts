import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Exchange } from '../http/index.ts'

/**
 * `stream`: begun once the call is recorded, destroyed where that fails or the caller leaves. A generator that waits for
 * something has to wait for the query's `signal`, too: nothing else ends it. A stream of events that is silent for long has
 * to say something now and then, else the server's idle limit ends the connection.
 */
export type ApiAnswer =
  | { readonly json: unknown }
  | { readonly text: string; readonly contentType?: string }
  | { readonly stream: Readable; readonly contentType: string }

/** Resolves once the answer is on its way, or the whole stream has been sent. */
export async function sendAnswer(exchange: Exchange, answer: ApiAnswer): Promise<void> {
  if ('stream' in answer) return sendStream(exchange, answer.stream, answer.contentType)
  const isJson = 'json' in answer
  const contentType = isJson ? 'application/json' : (answer.contentType ?? 'text/plain; charset=utf-8')
  const body = isJson ? JSON.stringify(answer.json) : answer.text
  exchange.respond({ status: 200, headers: { 'Content-Type': contentType }, body })
}

async function sendStream({ outgoing, wire, signal }: Exchange, stream: Readable, contentType: string): Promise<void> {
  outgoing.writeHead(200, { 'Content-Type': contentType })
  if (wire.method === 'HEAD') {
    stream.destroy()
    outgoing.end()
    return
  }
  // The caller learns at once that it is listened to, even where there is nothing to say yet.
  outgoing.flushHeaders()
  await pipeline(stream, outgoing).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}
