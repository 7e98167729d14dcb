import { incomplete, type Claim } from './authentication-error.ts'

/** What the signature says about the body (`x-amz-content-sha256`). */
export type PayloadKind = 'hash' | 'unsigned' | 'signed-chunks' | 'signed-chunks-trailer' | 'unsigned-chunks-trailer'

const kinds = new Map<string, PayloadKind>([
  ['UNSIGNED-PAYLOAD', 'unsigned'],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'signed-chunks'],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', 'signed-chunks-trailer'],
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'unsigned-chunks-trailer'],
])

/** @throws {AuthenticationError} neither a known word nor a SHA-256. */
export function payloadKind(declared: string, claim: Claim): PayloadKind {
  const kind = kinds.get(declared) ?? (/^[0-9a-f]{64}$/.test(declared) ? 'hash' : undefined)
  if (kind) return kind
  throw incomplete(
    `x-amz-content-sha256 must be ${[...kinds.keys()].join(', ')} or a valid sha256 value in lower case.`,
    claim,
  )
}
