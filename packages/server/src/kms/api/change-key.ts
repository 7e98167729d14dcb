import { keyArn, keyState, type KeyDocument } from '../key-documents.ts'
import { pendingDeletion } from '../key-use.ts'
import { authoriseKey, type KeyRequest, type KmsCall } from './kms-call.ts'

/**
 * Replaces a key by what `edit` makes of it, with `output` (by default the key's ARN, as CloudTrail has it) as the record's
 * response elements. @throws {KeyServiceError}
 */
export function changeKey(
  call: KmsCall,
  request: KeyRequest,
  edit: (key: KeyDocument) => KeyDocument,
  output: (after: KeyDocument) => Record<string, unknown> = (after) => ({ KeyId: keyArn(after) }),
): Promise<Record<string, unknown>> {
  return call.keys.store.change(async (save) => {
    const key = authoriseKey(call, request)
    const after = edit(key)
    const answer = output(after)
    await save([{ kind: 'key', id: key.id, after }], answer, call.commit)
    return answer
  })
}

/** @throws {KeyServiceError} KMSInvalidStateException */
export function checkNotPending(key: KeyDocument): void {
  if (keyState(key) === 'PendingDeletion') throw pendingDeletion(key)
}
