import { currentMaterial, type KeyDocument, type MaterialDocument, type RotationCause } from './key-documents.ts'
import { KeyServiceError } from './key-service.ts'
import type { BuiltInKeys } from './key-use.ts'

/** A document stays far below the store's limit; at the shortest period this lasts 200 years. */
const materialsMax = 1_000

/** What the key's ciphertexts are made with from now on; older ones are still opened. @throws {KeyServiceError} */
export function nextMaterial(
  { materials, now }: Pick<BuiltInKeys, 'materials' | 'now'>,
  key: KeyDocument,
  cause: RotationCause,
): MaterialDocument {
  if (key.materials.length >= materialsMax)
    throw new KeyServiceError('LimitExceededException', `A key has at most ${materialsMax} materials.`)
  return materials.generate(key.id, currentMaterial(key).version + 1, now(), cause)
}
