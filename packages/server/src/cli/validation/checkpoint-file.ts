import type { Checkpoint } from '@opentrail/core/digest'
import type { KeptTree, TreeHead } from '@opentrail/core/manifest'
import { hashBytes } from '@opentrail/core/merkle'
import { CommandError } from '../command-error.ts'
import { readJson } from './key-source.ts'

/** The newest digest, and, where manifests were checked, the tree with which the newest of them ends. */
export interface KeptCheckpoint extends Checkpoint {
  readonly tree?: KeptTree
}

/**
 * A checkpoint that somebody kept: `{"bucket", "key", "hash", "tree"}`, or the JSON document of an earlier verification.
 * Without a bucket it is the trail's. @throws {CommandError}
 */
export function readCheckpoint(path: string, trailBucket: string): KeptCheckpoint {
  const json = readJson(path)
  const kept = json instanceof Object && 'checkpoint' in json ? json.checkpoint : json
  const {
    bucket = trailBucket,
    key,
    hash,
    sha256 = hash,
    tree,
  } = kept instanceof Object ? (kept as Record<string, unknown>) : {}
  if (
    typeof bucket === 'string' &&
    typeof key === 'string' &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/i.test(sha256)
  )
    return { bucket, key, sha256, ...(tree !== undefined && { tree: readTree(tree, path) }) }
  throw new CommandError(`${path} holds no checkpoint: {"key": "...", "hash": "<SHA-256 in hex>"}`, { exitCode: 255 })
}

function readTree(json: unknown, path: string): KeptTree {
  const { size, root } = json instanceof Object ? (json as Record<string, unknown>) : {}
  const bytes = typeof root === 'string' ? Buffer.from(root, 'base64') : Buffer.alloc(0)
  if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 && bytes.length === hashBytes)
    return { size, root: bytes, isManifestEnd: true }
  throw new CommandError(`the tree in ${path} is none: {"size": N, "root": "<Base64>"}`, { exitCode: 255 })
}

export const checkpointText = ({ bucket, key, sha256 }: Checkpoint, tree: TreeHead | undefined): string => {
  const kept = { bucket, key, hash: sha256, ...(tree && { tree: treeJson(tree) }) }
  return `${JSON.stringify(kept, null, 2)}\n`
}

export const treeJson = ({ size, root }: TreeHead) => ({ size, root: Buffer.from(root).toString('base64') })
