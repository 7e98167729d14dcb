import { readFileSync } from 'node:fs'
import { publicKeys, type PublicKeys } from '@opentrail/core/digest'
import { CommandError } from '../command-error.ts'

/** The public keys that digests are verified with. */
export interface KeySource {
  /** For people: where the keys are from. */
  readonly description: string
  /** Keys that were valid at some time of the range, ms. @throws {CommandError} */
  between(from: number, to: number): Promise<PublicKeys>
}

/** As ListPublicKeys answers on the wire (seconds), and as `aws cloudtrail list-public-keys` prints it (ISO). */
interface WireKey {
  readonly Value: string
  readonly Fingerprint: string
  readonly ValidityStartTime: number | string
  readonly ValidityEndTime: number | string
}

/** @param ask ListPublicKeys: seconds since the epoch. */
export const keysOfServer = (
  description: string,
  ask: (input: { StartTime: number; EndTime: number }) => Promise<unknown>,
): KeySource => ({
  description,
  async between(from, to) {
    const answer = await ask({ StartTime: Math.floor(from / 1_000), EndTime: Math.ceil(to / 1_000) })
    return publicKeys(readKeys(answer, 'the answer to ListPublicKeys'))
  },
})

/** Keys that were kept as JSON. @throws {CommandError} */
export function keysOfFile(path: string): KeySource {
  const keys = readKeys(readJson(path), path)
  return {
    description: path,
    async between(from, to) {
      return publicKeys(keys.filter(({ validityStart, validityEnd }) => validityStart <= to && validityEnd >= from))
    },
  }
}

/** A file that a person named; such files have some kilobytes. @throws {CommandError} */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CommandError(`${path} cannot be read: ${reason}`, { cause, exitCode: 255 })
  }
}

function readKeys(json: unknown, where: string) {
  const list = json instanceof Object && 'PublicKeyList' in json ? json.PublicKeyList : undefined
  if (!Array.isArray(list))
    throw new CommandError(`${where} holds no PublicKeyList, as "aws cloudtrail list-public-keys" prints it`, {
      exitCode: 255,
    })
  return list.map((key: unknown) => {
    if (!isWireKey(key))
      throw new CommandError(`${where} has a key without Value, Fingerprint or validity`, { exitCode: 255 })
    return {
      der: Buffer.from(key.Value, 'base64'),
      fingerprint: key.Fingerprint,
      validityStart: timeOf(key.ValidityStartTime),
      validityEnd: timeOf(key.ValidityEndTime),
    }
  })
}

const timeOf = (time: number | string): number => (typeof time === 'number' ? time * 1_000 : Date.parse(time))
const isTime = (value: unknown): boolean =>
  (typeof value === 'number' || typeof value === 'string') && !Number.isNaN(timeOf(value))
function isWireKey(value: unknown): value is WireKey {
  if (!(value instanceof Object)) return false
  const { Value, Fingerprint, ValidityStartTime, ValidityEndTime } = value as Record<string, unknown>
  return (
    typeof Value === 'string' && typeof Fingerprint === 'string' && isTime(ValidityStartTime) && isTime(ValidityEndTime)
  )
}
