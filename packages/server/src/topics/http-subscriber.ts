import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { MayCall } from './subscriber-addresses.ts'

/** What became of one attempt. `refused`: another one would end the same way. */
export type Attempt = { readonly kind: 'taken' } | { readonly kind: 'failed' | 'refused'; readonly reason: string }

export interface SubscriberRequest {
  /** Checked by `subscriberUrlFault`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface HttpSubscriberOptions {
  /** Asked about each address a name leads to, when the connection is made: what a name led to before counts for nothing. */
  readonly mayCall: MayCall
  /** The whole attempt, from the name to the end of the answer. */
  readonly timeoutMs?: number
  /** Where absent, the system's. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>
}

export interface HttpSubscribers {
  /** Never rejects. */
  post(request: SubscriberRequest): Promise<Attempt>
  /** Cuts off what is under way: it counts as failed. */
  close(): void
}

/** SNS gives an endpoint this long. */
const timeoutMsDefault = 15_000
/** The answer says nothing but its status; the rest is read so that the connection ends in good order. */
const answerBytesMax = 64 * 1024
const headerBytesMax = 16 * 1024

/** Calls HTTP(S) endpoints: follows no redirect, uses no proxy, and reaches no address that `mayCall` forbids. */
export function createHttpSubscribers(options: HttpSubscriberOptions): HttpSubscribers {
  const { mayCall, timeoutMs = timeoutMsDefault } = options
  const resolve = options.resolve ?? resolveBySystem
  const underWay = new Set<ClientRequest>()
  let isClosed = false

  /** Only addresses that may be called come back; without one the connection fails. */
  const lookup: LookupFunction = (host, { all }, done) => {
    resolve(host).then(
      (found) => {
        const usable = found.filter(({ address }) => mayCall(address))
        const [first] = usable
        if (!first) return done(found.length > 0 ? forbidden(host) : new Error(`${host} has no address`), [])
        return all === true ? done(null, usable) : done(null, first.address, first.family)
      },
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), []),
    )
  }

  function open({ url, headers, body }: SubscriberRequest): ClientRequest {
    const target = new URL(url)
    const host = bareHost(target)
    // A literal address is looked up nowhere.
    if (isIP(host) !== 0 && !mayCall(host)) throw forbidden(host)
    const settings = {
      method: 'POST',
      host,
      port: target.port,
      path: `${target.pathname}${target.search}`,
      headers: {
        Host: target.host,
        'User-Agent': 'Amazon Simple Notification Service Agent',
        'Content-Length': String(Buffer.byteLength(body)),
        Connection: 'close',
        ...authorization(target),
        ...headers,
      },
      lookup,
      maxHeaderSize: headerBytesMax,
      agent: false as const,
    }
    return target.protocol === 'https:' ? httpsRequest(settings) : httpRequest(settings)
  }

  function exchange(outgoing: ClientRequest, body: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const tooLate = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
      outgoing.once('close', () => {
        clearTimeout(tooLate)
        reject(new Error('the connection was closed'))
      })
      // Stays: a late error of a request that has its answer would else end the process.
      outgoing.on('error', reject)
      outgoing.once('response', (answer) => void readAnswer(answer).then(resolve, reject))
      outgoing.end(body)
    })
  }

  return {
    async post(request) {
      if (isClosed) return { kind: 'failed', reason: 'the server is stopping' }
      let outgoing: ClientRequest | undefined
      try {
        outgoing = open(request)
        underWay.add(outgoing)
        return attemptOf(await exchange(outgoing, request.body))
      } catch (error) {
        return { kind: isForbidden(error) ? 'refused' : 'failed', reason: reasonOf(error) }
      } finally {
        outgoing?.destroy()
        if (outgoing) underWay.delete(outgoing)
      }
    },
    close() {
      isClosed = true
      for (const outgoing of underWay) outgoing.destroy(new Error('the server is stopping'))
    },
  }
}

/** What is wrong with a subscriber's URL, before anything is called; undefined: nothing. */
export function subscriberUrlFault(text: string, protocol: 'http' | 'https'): string | undefined {
  if (text.length > urlCharsMax) return `must have at most ${urlCharsMax} characters`
  if (!URL.canParse(text) || /[\s\\]/.test(text)) return 'must be a URL'
  const url = new URL(text)
  if (url.protocol !== `${protocol}:`) return `must begin with the specified protocol ${protocol}`
  if (url.hash !== '') return 'must have no fragment'
  return undefined
}
const urlCharsMax = 2_048

/** SNS repeats what the endpoint may yet get over: server errors and 429; a refusal or a redirect is final. */
const attemptOf = (status: number): Attempt => {
  if (status >= 200 && status < 300) return { kind: 'taken' }
  const isPassing = status >= 500 || status === 429 || status < 200
  return { kind: isPassing ? 'failed' : 'refused', reason: `the endpoint answered ${status}` }
}

async function readAnswer(answer: IncomingMessage): Promise<number> {
  const status = answer.statusCode ?? 0
  let bytes = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length
    // Its status counts, however much more it has to say.
    if (bytes > answerBytesMax) break
  }
  return status
}

/** `http://user:password@host`: SNS answers a challenge with them, we send them at once. */
const authorization = ({ username, password }: URL): Record<string, string> =>
  username === '' && password === ''
    ? {}
    : { Authorization: `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}` }

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** IPv6 comes in brackets. */
const bareHost = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1')

const forbidden = (host: string): Error =>
  Object.assign(new Error(`${host} is an address that subscribers must not have`), { code: 'FORBIDDEN_ADDRESS' })
const isForbidden = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'FORBIDDEN_ADDRESS'

const reasonCharsMax = 200
/** Of the first thing that went wrong, where several addresses were tried. */
function reasonOf(error: unknown): string {
  const cause: unknown = error instanceof AggregateError ? error.errors[0] : error
  return (cause instanceof Error ? cause.message : String(cause)).slice(0, reasonCharsMax)
}

const resolveBySystem = (host: string): Promise<readonly LookupAddress[]> =>
  new Promise((resolve, reject) =>
    systemLookup(host, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses))),
  )
