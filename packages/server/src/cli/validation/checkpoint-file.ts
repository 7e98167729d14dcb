import type { Checkpoint } from '@opentrail/core/digest'
import { CommandError } from '../command-error.ts'
import { readJson } from './key-source.ts'

/**
 * A checkpoint that somebody kept: `{"bucket", "key", "hash"}`, or the JSON document of an earlier verification. Without a
 * bucket it is the trail's. @throws {CommandError}
 */
export function readCheckpoint(path: string, trailBucket: string): Checkpoint {
  const json = readJson(path)
  const kept = json instanceof Object && 'checkpoint' in json ? json.checkpoint : json
  const {
    bucket = trailBucket,
    key,
    hash,
    sha256 = hash,
  } = kept instanceof Object ? (kept as Record<string, unknown>) : {}
  if (
    typeof bucket === 'string' &&
    typeof key === 'string' &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/i.test(sha256)
  )
    return { bucket, key, sha256 }
  throw new CommandError(`${path} holds no checkpoint: {"key": "...", "hash": "<SHA-256 in hex>"}`, { exitCode: 255 })
}

export const checkpointText = ({ bucket, key, sha256 }: Checkpoint): string =>
  `${JSON.stringify({ bucket, key, hash: sha256 }, null, 2)}\n`
