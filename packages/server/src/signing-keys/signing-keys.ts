import type { Region } from '@opentrail/core/event'

/** The public half of a key pair, and when it is valid (domain time, ms; `validTo` is the first moment at which it is not). */
export interface PublicKeyView {
  /** MD5 of `publicKey`, 32 lower-case hex digits: a name, not a protection. Source: CloudTrail's digest files. */
  readonly fingerprint: string
  /** PKCS#1 `RSAPublicKey`, DER. */
  readonly publicKey: Buffer
  readonly validFrom: number
  readonly validTo: number
}

/** Holds the private half in memory: ask for it whenever something is to be signed, and do not keep it. */
export interface SigningKey extends PublicKeyView {
  /** RSASSA-PKCS1-v1_5 with SHA-256 over the text's UTF-8, in lower-case hex (512 digits). Takes about a millisecond. */
  sign(text: string): string
}

/**
 * The key pairs that digests are signed with. Each Region has one signing key at every moment; it is made when it is first
 * asked for, and durable before anything is signed with it. Public halves are kept for ever: without them no old digest
 * could be verified. Private halves are destroyed some days after their validity, when late digests have been signed.
 *
 * Methods may be called concurrently. All throw {SigningKeyUnavailableError} while the keys cannot be read or made, and
 * {SigningKeyError} for one that is damaged.
 */
export interface SigningKeys {
  /** The Region's signing key by domain time. */
  current(region: Region): Promise<SigningKey>
  /** The key that signs what was planned at `time`; it is valid then. Whatever time is asked for, there is one. */
  at(region: Region, time: number): Promise<SigningKey>
  /**
   * The key that a plan names; undefined: the Region never had it.
   * @throws {SigningKeyDestroyedError} only its public half is left: plan anew.
   */
  byFingerprint(region: Region, fingerprint: string): Promise<SigningKey | undefined>
  /** Keys whose validity overlaps `from` to `to` (both inclusive), the earliest first. Makes none. */
  list(region: Region, from: number, to: number): Promise<PublicKeyView[]>
  /** Makes the successors that will soon be needed and destroys old private halves. To be called every hour. */
  rotateDue(now: number): Promise<void>
  /** Waits for what is being done. The store belongs to who opened it. */
  close(): Promise<void>
}

/** What the keys tell their operator. */
export interface SigningKeyEvents {
  made(region: Region, fingerprint: string): void
  /** The private half is gone. */
  destroyed(region: Region, fingerprint: string): void
}

/** A stored key is damaged, or sealed under another root key. Nothing heals it by itself. */
export class SigningKeyError extends Error {
  override readonly name: string = 'SigningKeyError'
}

export class SigningKeyDestroyedError extends SigningKeyError {
  override readonly name = 'SigningKeyDestroyedError'
}

/** Nothing is lost, and trying again may help. */
export class SigningKeyUnavailableError extends Error {
  override readonly name = 'SigningKeyUnavailableError'
}
