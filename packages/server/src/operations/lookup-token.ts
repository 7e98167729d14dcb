import { createCipheriv, createDecipheriv, createHash, timingSafeEqual } from 'node:crypto'
import type { Sequence } from '@opentrail/core/event'
import { daySeconds, historyDays } from '@opentrail/core/history'
import type { Random } from '../clock/index.ts'

/** Where a walk through LookupEvents stands. */
export interface LookupCursor {
  /** What was durable when the walk began; what came later stays out of it. */
  readonly snapshot: Sequence | 0
  /** The last event shown: the walk goes on behind it. */
  readonly time: number
  readonly sequence: Sequence
  /** Oldest event time of the walk, seconds since the epoch: 90 days before its first page. */
  readonly floor: number
}

export type TokenFault = 'altered' | 'foreign' | 'expired'

/** A walk may last this long: the history keeps one day more than can be looked up. Domain time. */
const lifetimeSeconds = daySeconds

const version = 1
const nonceBytes = 12
const tagBytes = 16
/** Version, four numbers, SHA-256 of the request's identity. */
const contentBytes = 1 + 4 * 8 + 32
const purpose = Buffer.from('OpenTrail LookupEvents NextToken')

export interface LookupTokens {
  /** `identity`: canonical text of account, Region and the request's other members. 124 characters of base64url. */
  seal(cursor: LookupCursor, identity: string): string
  /** `now` in domain time, ms. `foreign`: the token belongs to another request, account or Region. */
  open(token: string, identity: string, now: number): LookupCursor | TokenFault
}

/**
 * Tokens are sealed with AES-256-GCM, so that their holder can neither read nor change them. They hold all there is to
 * know about a walk: no process remembers it, and a restart does not end it.
 * @throws {RangeError} the key is not 32 bytes long.
 */
export function createLookupTokens(key: Uint8Array, random: Random): LookupTokens {
  if (key.length !== 32) throw new RangeError(`the key of page tokens has ${key.length} bytes instead of 32`)
  return {
    seal(cursor, identity) {
      const nonce = random.bytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(purpose)
      const sealed = [nonce, cipher.update(encode(cursor, identity)), cipher.final(), cipher.getAuthTag()]
      return Buffer.concat(sealed).toString('base64url')
    },
    open(token, identity, now) {
      const content = decrypt(key, token)
      if (content?.[0] !== version) return 'altered'
      if (!timingSafeEqual(content.subarray(contentBytes - 32), digest(identity))) return 'foreign'
      const cursor: LookupCursor = {
        snapshot: content.readDoubleLE(1) as Sequence,
        time: content.readDoubleLE(9),
        sequence: content.readDoubleLE(17) as Sequence,
        floor: content.readDoubleLE(25),
      }
      const began = cursor.floor + historyDays * daySeconds
      return now / 1_000 > began + lifetimeSeconds ? 'expired' : cursor
    },
  }
}

const digest = (identity: string): Buffer => createHash('sha256').update(identity).digest()

function encode({ snapshot, time, sequence, floor }: LookupCursor, identity: string): Buffer {
  const content = Buffer.alloc(contentBytes)
  content[0] = version
  for (const [at, value] of [snapshot, time, sequence, floor].entries()) content.writeDoubleLE(value, 1 + 8 * at)
  digest(identity).copy(content, contentBytes - 32)
  return content
}

function decrypt(key: Uint8Array, token: string): Buffer | undefined {
  const sealed = Buffer.from(token, 'base64url')
  // The decoder skips what is not base64url and ignores left-over bits; only the text that was issued is accepted.
  if (sealed.length !== nonceBytes + contentBytes + tagBytes || sealed.toString('base64url') !== token) return undefined
  const end = sealed.length - tagBytes
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(purpose).setAuthTag(sealed.subarray(end))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, end)), decipher.final()])
  } catch {
    // Changed, or sealed with another key: which of the two cannot be known.
    return undefined
  }
}
