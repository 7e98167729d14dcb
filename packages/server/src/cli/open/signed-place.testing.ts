import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  account,
  homeRegion,
  hourMs,
  signingKey,
  writeDigest,
  writeLogFile,
  type Written,
} from '../../../../core/src/digest/clean-bucket.testing.ts'
import { placeOf, type Objects } from '../../../../core/src/digest/objects.testing.ts'
import { temporaryDirectory } from '../cli.testing.ts'

const hours = 3
const first = Date.UTC(2026, 2, 4, 10, 11, 12)

/** An exported bucket, alone in a directory, with a chain of digests and a log file for each; and its public keys, beside it. */
export function signedPlace() {
  const directory = temporaryDirectory()
  const root = join(directory, 'bucket')
  const { logFiles, objects, key } = chain()
  for (const [name, { body }] of objects) writeInto(join(root, placeOf(name).key), body)
  const lines = Array.from(objects, ([name, { metadata }]) => {
    const { key: path } = placeOf(name)
    return `${JSON.stringify({ key: path, path, metadata })}\n`
  })
  writeInto(join(root, '%manifest.jsonl'), lines.join(''))
  const { der, validityStart, validityEnd } = key.source
  const listed = {
    Value: Buffer.from(der).toString('base64'),
    Fingerprint: key.fingerprint,
    ValidityStartTime: validityStart / 1_000,
    ValidityEndTime: validityEnd / 1_000,
  }
  const publicKeys = join(directory, 'keys.json')
  writeInto(publicKeys, JSON.stringify({ PublicKeyList: [listed] }))
  return { root, publicKeys, logFiles }
}

function chain() {
  const objects: Objects = new Map()
  const key = signingKey(first - 24 * hourMs, first + 24 * hourMs)
  const expected = { account, trailName: 'audit', homeRegion, sourceRegion: homeRegion }
  const logFiles: string[] = []
  let previous: Written | undefined
  for (let hour = 0; hour < hours; hour++) {
    const endTime = first + hour * hourMs
    const unique = `hour${hour}`.padEnd(16, 'x')
    const deliveredAt = endTime - hourMs / 2
    const file = writeLogFile(objects, { bucket: 'audit-logs', region: homeRegion, deliveredAt, unique })
    logFiles.push(file.s3Object)
    previous = writeDigest(objects, { expected, bucket: 'audit-logs', endTime, key, previous, logFiles: [file] })
  }
  return { objects, key, logFiles }
}

function writeInto(path: string, content: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}
