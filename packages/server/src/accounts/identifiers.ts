import { createHash, timingSafeEqual } from 'node:crypto'
import type { AccountId } from '@opentrail/core/event'
import type { Random } from '../clock/index.ts'

/** The alphabet of IAM's unique ids (RFC 4648 Base32). */
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const uniquePartLength = 16
const secretBytes = 30

/** Unique ids have IAM's shape: four letters for the kind, then 80 random bits. */
const uniqueId = (prefix: string, random: Random): string =>
  prefix + Array.from(random.bytes(uniquePartLength), (byte) => base32[byte & 31]).join('')

export const newUserId = (random: Random): string => uniqueId('AIDA', random)
/** `ACCA` is IAM's prefix for service-specific credentials, `AKIA` that of long-term access keys. */
export const newAccessKeyId = (kind: 'signature' | 'bearer', random: Random): string =>
  uniqueId(kind === 'bearer' ? 'ACCA' : 'AKIA', random)

/** `ASIA` is IAM's prefix for temporary keys. */
export const newTemporaryAccessKeyId = (random: Random): string => uniqueId('ASIA', random)

/** 240 random bits in the 40 characters that AWS's secret keys have. */
export const newSecret = (random: Random): string => Buffer.from(random.bytes(secretBytes)).toString('base64')

/** `otb_<access key id>_<secret>`; the prefix lets secret scanners know it. */
export const newBearerToken = (accessKeyId: string, random: Random): string =>
  `otb_${accessKeyId}_${Buffer.from(random.bytes(secretBytes)).toString('base64url')}`

/** The id within a bearer token; undefined for what is none. */
export const bearerTokenId = (token: string): string | undefined => /^otb_([A-Z2-7]{20})_[\w-]{40}$/.exec(token)?.[1]

/** A token has 240 random bits, so a fast hash without salt is enough: there is nothing to guess. */
export const bearerTokenHash = (token: string): Buffer => createHash('sha256').update(token).digest()

export const sameHash = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b)

/** Twelve random digits, the first not 0, so that nothing that takes it for a number loses one. */
export function newAccountId(random: Random): AccountId {
  let digits = ''
  while (digits.length < 12) {
    // Bytes above are left out: 250 is the largest multiple of ten that fits.
    const digit = [...random.bytes(16)].find((byte) => byte < 250 && !(digits === '' && byte % 10 === 0))
    if (digit !== undefined) digits += digit % 10
  }
  return digits as AccountId
}

/** IAM: "alphanumeric characters and any of +=,.@-_", at most 64. */
export const isUserName = (text: string): boolean => /^[\w+=,.@-]{1,64}$/.test(text)
/** Organizations: 1 to 50 printable ASCII characters. */
export const isAccountName = (text: string): boolean => /^[\x20-\x7e]{1,50}$/.test(text)
