import { parseEventTime } from '../event/index.ts'
import { isSignatureOf, textToSign, type SignedFields } from './digest-signature.ts'
import type { AvailableDigest } from './fetched.ts'
import { finding, type Finding } from './finding.ts'
import type { PublicKey, PublicKeys } from './public-key.ts'

const hourMs = 3_600_000
/** A digest is signed soon after its end; the AWS CLI asks for the keys of so long. */
const signingDelayMsMax = 2 * hourMs
/** The AWS CLI asks for the keys of so long around the making of a backfill digest. */
const backfillSlackMs = hourMs

export type SignatureFields = SignedFields & { readonly digestPublicKeyFingerprint: string }

/** The names of the metadata of a digest's object. */
const signatureName = 'signature'
const algorithmName = 'signature-algorithm'
const backfillName = 'backfill-generation-timestamp'

/** What is wrong with a digest's metadata, whatever its content. */
export function checkMetadata(fetched: AvailableDigest, isBackfill: boolean): Finding[] {
  const { metadata } = fetched
  const findings: Finding[] = []
  const absent = [signatureName, algorithmName].find((name) => !Object.hasOwn(metadata, name))
  if (absent !== undefined)
    findings.push(finding('signature-missing', fetched, `The metadata has no ${absent}.`, { name: absent }))
  else if (metadata[algorithmName] !== 'SHA256withRSA') {
    const message = 'The metadata names another signature algorithm than SHA256withRSA.'
    findings.push(
      finding('signature-algorithm-differs', fetched, message, { algorithm: metadata[algorithmName] ?? '' }),
    )
  }
  if (isBackfill && Number.isNaN(backfillTime(metadata))) {
    const message = 'The metadata does not say when the backfill digest was made.'
    findings.push(finding('backfill-time-missing', fetched, message, { value: metadata[backfillName] ?? null }))
  }
  return findings
}

const backfillTime = (metadata: AvailableDigest['metadata']): number => {
  const text = metadata[backfillName] ?? ''
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(text) ? Date.parse(text) : Number.NaN
}

/** Checks the signature of a digest whose signed members are texts; none in the metadata is `checkMetadata`'s business. */
export function checkSignature(
  fetched: AvailableDigest,
  fields: SignatureFields,
  keys: PublicKeys,
  isBackfill: boolean,
): Finding[] {
  const fingerprint = fields.digestPublicKeyFingerprint
  const key = keys.get(fingerprint)
  if (!key)
    return [
      finding('key-unknown', fetched, 'No published key has the fingerprint that the digest names.', { fingerprint }),
    ]
  const findings = [...checkKey(fetched, key), ...checkValidity(fetched, fields, key, isBackfill)]
  const signature = fetched.metadata[signatureName]
  if (!key.key || signature === undefined) return findings
  const notHex = hexFault(signature)
  if (notHex !== undefined) {
    const message = 'The signature in the metadata is no hexadecimal text.'
    return [...findings, finding('signature-malformed', fetched, message, { awsText: notHex })]
  }
  if (isSignatureOf(textToSign(fields, fetched.bytes), signature, key.key)) return findings
  const message = 'The signature does not fit the content and the place of the digest.'
  return [...findings, finding('signature-invalid', fetched, message, { fingerprint })]
}

/** What Python's `unhexlify`, and so the AWS CLI, says of a text that is not hexadecimal. */
function hexFault(text: string): string | undefined {
  // oxlint-disable-next-line no-control-regex
  if (/[^\u0000-\u007f]/.test(text)) return 'string argument should contain only ASCII characters'
  if (text.length % 2 !== 0) return 'Odd-length string'
  return /^[0-9a-fA-F]*$/.test(text) ? undefined : 'Non-hexadecimal digit found'
}

function checkKey(fetched: AvailableDigest, { fingerprint, key, isNamedRightly }: PublicKey): Finding[] {
  if (!key) {
    const message = 'The published key cannot be read.'
    return [finding('key-unusable', fetched, message, { fingerprint, reason: 'unreadable' })]
  }
  if (isNamedRightly) return []
  const message = 'The published key has another fingerprint than the one it is published under.'
  return [finding('key-unusable', fetched, message, { fingerprint, reason: 'misnamed' })]
}

function checkValidity(
  fetched: AvailableDigest,
  fields: SignatureFields,
  key: PublicKey,
  isBackfill: boolean,
): Finding[] {
  const made = isBackfill ? backfillTime(fetched.metadata) : (parseEventTime(fields.digestEndTime) ?? Number.NaN)
  // Unknown times are findings of their own.
  if (Number.isNaN(made)) return []
  const [from, to] = isBackfill ? [made - backfillSlackMs, made + backfillSlackMs] : [made, made + signingDelayMsMax]
  if (key.validityStart <= to && key.validityEnd >= from) return []
  const message = 'The key was not valid when the digest was to be signed.'
  const { fingerprint, validityStart, validityEnd } = key
  return [finding('key-not-valid-then', fetched, message, { fingerprint, validityStart, validityEnd, made })]
}
