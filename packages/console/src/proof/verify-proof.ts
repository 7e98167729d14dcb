import type { ApiEventDetail } from '@opentrail/core/api'

type Bytes = Uint8Array<ArrayBuffer>
export type ApiProof = NonNullable<ApiEventDetail['proof']>

/** One step of a verification, in the order in which they build upon one another. */
export interface ProofStep {
  readonly what: string
  readonly outcome: 'proven' | 'failed' | 'not-checked'
  /** Why it failed or was not checked. */
  readonly why?: string
}

/** No tree is deeper: sizes have 53 bits. */
const pathMax = 64

/**
 * Verifies in this browser, without asking the server again: that the record's bytes are in the tree (RFC 6962) whose head the checkpoint
 * (C2SP tlog-checkpoint) states, and that the log's key signed it. Whether the key is the log's own, only its holder can say.
 */
export async function verifyProof(record: string, proof: ApiProof): Promise<ProofStep[]> {
  const leaf = await sha256(0, await sha256Of(new TextEncoder().encode(record)))
  const root = await rootFrom(leaf, proof)
  const head = readCheckpoint(proof.checkpoint)
  const isHead = head?.origin === proof.origin && head.size === proof.treeSize && hex(head.root) === proof.rootHash
  return [
    step('The record is the leaf of the proof: SHA-256(0 ‖ SHA-256(record))', hex(leaf) === proof.leafHash),
    step(
      `With the ${proof.path.length} hashes of its path, entry ${proof.leafIndex + 1} of ${proof.treeSize} gives the root of the tree`,
      root !== undefined && hex(root) === proof.rootHash,
    ),
    step('The checkpoint states this root, size and log', isHead),
    await signatureStep(proof),
  ]
}

const step = (what: string, isProven: boolean): ProofStep =>
  isProven ? { what, outcome: 'proven' } : { what, outcome: 'failed', why: 'It does not.' }

/** Undefined: the path is not one of this leaf in a tree of this size. Source: RFC 9162, 2.1.3.2. */
async function rootFrom(leaf: Bytes, { leafIndex, treeSize, path }: ApiProof): Promise<Bytes | undefined> {
  if (!Number.isSafeInteger(leafIndex) || leafIndex < 0 || leafIndex >= treeSize || path.length > pathMax)
    return undefined
  let index = leafIndex
  let last = treeSize - 1
  let hash = leaf
  for (const text of path) {
    const sibling = fromHex(text)
    if (!sibling || last === 0) return undefined
    if (index % 2 === 1 || index === last) {
      hash = await sha256(1, sibling, hash)
      while (index % 2 === 0 && index !== 0) [index, last] = [half(index), half(last)]
    } else hash = await sha256(1, hash, sibling)
    ;[index, last] = [half(index), half(last)]
  }
  return last === 0 ? hash : undefined
}

/** Without shifting: sizes have more than 32 bits. */
const half = (value: number): number => Math.floor(value / 2)

function readCheckpoint(note: string): { origin: string; size: number; root: Bytes } | undefined {
  const [origin = '', size = '', root = ''] = note.split('\n')
  const bytes = fromBase64(root)
  return bytes?.length === 32 ? { origin, size: Number(size), root: bytes } : undefined
}

/** Verifier keys of C2SP signed-note: `<name>+<key id>+<Base64 of 1 ‖ Ed25519 key>`. */
async function signatureStep({ checkpoint, verifierKey }: ApiProof): Promise<ProofStep> {
  const what = 'The key of the log has signed the checkpoint'
  const [, name, id, encoded] = /^(.+)\+([0-9a-f]{8})\+(.+)$/.exec(verifierKey) ?? []
  const key = fromBase64(encoded ?? '')
  const end = checkpoint.indexOf('\n\n')
  if (name === undefined || key?.[0] !== 1 || key.length !== 33 || end < 0) return step(what, false)
  const signatures = checkpoint.slice(end + 2).split('\n')
  const line = signatures.find((text) => text.startsWith(`— ${name} `))
  const signature = fromBase64(line?.slice(name.length + 3) ?? '')
  if (!signature || hex(signature.slice(0, 4)) !== id) return step(what, false)
  const text = new TextEncoder().encode(checkpoint.slice(0, end + 1))
  let imported: CryptoKey
  try {
    imported = await crypto.subtle.importKey('raw', key.slice(1), 'Ed25519', false, ['verify'])
  } catch {
    return {
      what,
      outcome: 'not-checked',
      why: 'This browser cannot check Ed25519 signatures; "opentrail verify-proof" can.',
    }
  }
  return step(what, await crypto.subtle.verify('Ed25519', imported, signature.slice(4), text))
}

const sha256Of = async (bytes: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))

function sha256(prefix: 0 | 1, ...parts: readonly Bytes[]): Promise<Bytes> {
  const bytes = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0))
  bytes[0] = prefix
  let at = 1
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return sha256Of(bytes)
}

export const hex = (bytes: Bytes): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

const fromHex = (text: string): Bytes | undefined =>
  /^[0-9a-f]{64}$/.test(text)
    ? Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
    : undefined

function fromBase64(text: string): Bytes | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
