import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { CommandError } from './command-error.ts'
import { explainFailure } from './http-client.ts'

/** Silence after which a server counts as gone; one that sends may take as long as it likes. */
const idleMs = 60_000

/**
 * One GET whose body is read as it arrives, in the very bytes that were sent: `fetch` would undo a Content-Encoding and
 * tidy up the path, in which S3's keys stand. @throws {CommandError} in one line, when nothing answers.
 */
export function openRequest(about: {
  readonly origin: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
}): Promise<IncomingMessage> {
  const { protocol, hostname, port } = new URL(about.origin)
  const send = protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown) => reject(new CommandError(explainFailure(about.origin, cause, idleMs), { cause }))
    const options = {
      hostname: hostname.replace(/^\[|\]$/g, ''),
      ...(port !== '' && { port }),
      path: about.target,
      headers: { ...about.headers },
      agent: false as const,
    }
    const outgoing = send(options, resolve)
    outgoing.setTimeout(idleMs, () => {
      outgoing.destroy(Object.assign(new Error(`nothing came for ${idleMs / 1_000} seconds`), { name: 'TimeoutError' }))
    })
    outgoing.once('error', failed).end()
  })
}
