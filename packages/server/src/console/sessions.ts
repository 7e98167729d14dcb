import { createHash, timingSafeEqual } from 'node:crypto'
import { newSecret, newTemporaryAccessKeyId, type Principal } from '../accounts/index.ts'
import type { SigningCredential } from '../auth/index.ts'
import type { Random } from '../clock/index.ts'

/** From the terminal to the browser; whoever finds the link later in a log finds nothing. */
export const linkMs = 15 * 60_000
/** A working day. */
export const sessionMs = 12 * 60 * 60_000
/** Links that wait to be used. Each start and each `opentrail console` makes one; the oldest is forgotten. */
const linksMax = 16
/** Sessions at a time; an entry is some 500 bytes. The oldest ends. */
const sessionsMax = 256
const linkTokenBytes = 32
const sessionTokenBytes = 48

/** A user without a key: a session brings its own. */
export type SessionUser = Omit<Principal, 'accessKeyId' | 'session'>

export interface ConsoleSession {
  readonly principal: Principal
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  /** Milliseconds since the epoch, wall clock. */
  readonly expiresAt: number
}

/** Sign-in links and the sessions that they open. In memory only: a server that starts anew knows none. */
export interface ConsoleSessions {
  /** The token of a new link: 256 random bits, base64url; kept as a hash. */
  newLink(): string
  /** Opens a session, once per link. Undefined: no such link, used already, or too old. */
  redeem(token: string): ConsoleSession | undefined
  /** For the verifier of signatures: of sessions that have not ended and whose user is still there and what it was. */
  credential(accessKeyId: string): SigningCredential | undefined
  /** Of a session: when it ends. */
  expiresAt(accessKeyId: string): number | undefined
  end(accessKeyId: string): void
}

export interface ConsoleSessionsOptions {
  readonly random: Random
  /** Wall clock: sessions end in real time, whatever the events' time is. */
  wall(): number
  /** Whom a link signs in, or, by name, whether it is an administrator still. */
  administrator(userName?: string): SessionUser | undefined
}

export function createConsoleSessions(options: ConsoleSessionsOptions): ConsoleSessions {
  const { random, wall } = options
  const links: { readonly hash: Buffer; readonly expiresAt: number }[] = []
  const sessions = new Map<string, ConsoleSession>()
  const find = (accessKeyId: string): ConsoleSession | undefined => {
    const session = sessions.get(accessKeyId)
    if (!session) return undefined
    // A user that was deleted and made anew is another one.
    const user = options.administrator(session.principal.userName)
    if (session.expiresAt > wall() && user?.userId === session.principal.userId) return session
    sessions.delete(accessKeyId)
    return undefined
  }
  const open = (user: SessionUser): ConsoleSession => {
    const accessKeyId = newTemporaryAccessKeyId(random)
    const now = wall()
    const session: ConsoleSession = {
      principal: { ...user, accessKeyId, session: { createdAt: new Date(now).toISOString() } },
      accessKeyId,
      secretAccessKey: newSecret(random),
      sessionToken: base64url(random.bytes(sessionTokenBytes)),
      expiresAt: now + sessionMs,
    }
    sessions.set(accessKeyId, session)
    if (sessions.size > sessionsMax) sessions.delete(sessions.keys().next().value!)
    return session
  }

  return {
    newLink() {
      const token = base64url(random.bytes(linkTokenBytes))
      links.push({ hash: hashOf(token), expiresAt: wall() + linkMs })
      if (links.length > linksMax) links.shift()
      return token
    },
    redeem(token) {
      const hash = hashOf(token)
      const index = links.findIndex((link) => timingSafeEqual(link.hash, hash))
      const user = options.administrator()
      if (index < 0 || !user) return undefined
      // Taken away first: whatever comes of it, this link has been used.
      const [link] = links.splice(index, 1)
      return link !== undefined && link.expiresAt > wall() ? open(user) : undefined
    },
    credential(accessKeyId) {
      const session = find(accessKeyId)
      return session && pick(session)
    },
    expiresAt: (accessKeyId) => find(accessKeyId)?.expiresAt,
    end: (accessKeyId) => void sessions.delete(accessKeyId),
  }
}

const pick = ({ principal, secretAccessKey, sessionToken }: ConsoleSession): SigningCredential => ({
  principal,
  secretAccessKey,
  sessionToken,
})

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
/** 256 random bits: a fast hash is enough, there is nothing to guess. */
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()
