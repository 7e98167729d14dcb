import { isAccountId, parseEventTime } from '../event/index.ts'
import type { DigestFile, DigestLogFile } from './digest-file.ts'
import { isWithinShape } from './json-shape.ts'

/** Some 150,000 log files of one hour, Region and trail; a caller should not inflate more either. */
export const digestBytesMax = 64 * 1024 * 1024
/** Far above what one hour brings: AWS's largest quota is tens of files a minute. */
export const digestLogFilesMax = 100_000
/** A digest has three levels; unknown members may have a few more. */
const shape = { depthMax: 16, valuesMax: 10 * digestLogFilesMax }
const bucketCharsMax = 255
const keyCharsMax = 1024
/** An RSA key of 16,384 bits signs in so many hex digits. */
const signatureCharsMax = 4096

export interface DigestFault {
  readonly ok: false
  /** The member that is wrong, such as `logFiles[3].hashValue`; empty where the text as a whole is. */
  readonly field: string
  readonly message: string
}
export type ReadDigest = { readonly ok: true; readonly digest: DigestFile } | DigestFault

const fault = (field: string, message: string): DigestFault => ({ ok: false, field, message })

export type JsonObject = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The JSON object that untrusted bytes hold. Bounded in size, depth and count. */
export function parseDigestJson(bytes: Uint8Array): { readonly ok: true; readonly json: JsonObject } | DigestFault {
  if (bytes.length > digestBytesMax) return fault('', `a digest has at most ${digestBytesMax} bytes`)
  if (!isWithinShape(bytes, shape)) return fault('', 'the JSON is nested deeper or has more values than a digest')
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
    return isObject(json) ? { ok: true, json } : fault('', 'the JSON is no object')
  } catch {
    return fault('', 'the bytes are no JSON in UTF-8')
  }
}

/**
 * Reads the uncompressed JSON of a digest, AWS's own too. Strict about each member that it knows, since what is signed is
 * made of them (a line feed in a key would move the lines of the signed text); unknown members are ignored.
 */
export function readDigest(bytes: Uint8Array): ReadDigest {
  const parsed = parseDigestJson(bytes)
  return parsed.ok ? readDigestJson(parsed.json) : parsed
}

type Check = (value: unknown) => boolean
const isText =
  (charsMax: number): Check =>
  (value) =>
    // No control characters: neither S3 consoles nor terminals, nor the lines of the signed text, would survive them.
    // oxlint-disable-next-line no-control-regex
    typeof value === 'string' && value.length > 0 && value.length <= charsMax && !/[\u0000-\u001f\u007f]/.test(value)
const isTime: Check = (value) => typeof value === 'string' && parseEventTime(value) !== undefined
const isHex = (pattern: RegExp): Check => {
  return (value) => typeof value === 'string' && value.length <= signatureCharsMax && pattern.test(value)
}
const isSha256 = isHex(/^[0-9a-f]{64}$/)
const isExactly =
  (text: string): Check =>
  (value) =>
    value === text
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)

const members: Readonly<Record<Exclude<keyof DigestFile, 'logFiles'>, Check>> = {
  awsAccountId: (value) => typeof value === 'string' && isAccountId(value),
  digestStartTime: isTime,
  digestEndTime: isTime,
  digestS3Bucket: isText(bucketCharsMax),
  digestS3Object: isText(keyCharsMax),
  digestPublicKeyFingerprint: isHex(/^[0-9a-f]{32}$/),
  digestSignatureAlgorithm: isExactly('SHA256withRSA'),
  newestEventTime: orNull(isTime),
  oldestEventTime: orNull(isTime),
  previousDigestS3Bucket: orNull(isText(bucketCharsMax)),
  previousDigestS3Object: orNull(isText(keyCharsMax)),
  previousDigestHashValue: orNull(isSha256),
  previousDigestHashAlgorithm: orNull(isExactly('SHA-256')),
  previousDigestSignature: orNull(isHex(/^(?:[0-9a-fA-F]{2})+$/)),
}
const entryMembers: Readonly<Record<keyof DigestLogFile, Check>> = {
  s3Bucket: isText(bucketCharsMax),
  s3Object: isText(keyCharsMax),
  hashValue: isSha256,
  hashAlgorithm: isExactly('SHA-256'),
  newestEventTime: isTime,
  oldestEventTime: isTime,
}

/** As `readDigest`, of parsed JSON. */
export function readDigestJson(json: JsonObject): ReadDigest {
  const wrong = wrongMember(json, members)
  if (wrong !== undefined) return fault(wrong, `the member ${wrong} is absent or not what a digest has there`)
  const files = json['logFiles']
  if (!Array.isArray(files)) return fault('logFiles', 'the member logFiles is no list')
  if (files.length > digestLogFilesMax)
    return fault('logFiles', `a digest lists at most ${digestLogFilesMax} log files`)
  for (const [index, entry] of files.entries()) {
    const field = isObject(entry) ? wrongMember(entry, entryMembers) : ''
    if (field !== undefined)
      return fault(`logFiles[${index}].${field}`, `log file ${index} is not listed as digests do`)
  }
  return { ok: true, digest: json as unknown as DigestFile }
}

const wrongMember = (json: JsonObject, checks: Readonly<Record<string, Check>>): string | undefined =>
  Object.keys(checks).find((name) => !Object.hasOwn(json, name) || !checks[name]?.(json[name]))
