import type { AccountId, Region } from '@opentrail/core/event'
import { partitionOf } from '@opentrail/core/trail'
import { aliasArn, keyArn, type KeyDocument } from './key-documents.ts'
import { KeyServiceError } from './key-service.ts'
import type { KeyStore } from './key-store.ts'

export interface KeyPlace {
  readonly account: AccountId
  readonly region: Region
}

/** What a `KeyId` names. */
export type KeyReference =
  | (KeyPlace & { readonly kind: 'key'; readonly id: string })
  | (KeyPlace & { readonly kind: 'alias'; readonly name: string })

const keyIdForm = /^(?:mrk-[0-9a-f]{32}|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})$/
const arnForm = /^arn:([a-z-]{1,32}):kms:([a-z0-9-]{1,32}):(\d{12}):(key|alias)\/([a-zA-Z0-9:/_-]{1,256})$/
export const aliasForm = /^alias\/[a-zA-Z0-9/_-]+$/

/**
 * Reads a key id, key ARN, alias or alias ARN. An ARN of another Region is not found, in KMS's words.
 * @throws {KeyServiceError} NotFoundException, InvalidArnException
 */
export function readKeyReference(text: string, place: KeyPlace): KeyReference {
  if (text.startsWith('arn:')) return readArn(text, place)
  if (text.startsWith('alias/')) return { kind: 'alias', ...place, name: text }
  if (!keyIdForm.test(text)) throw new KeyServiceError('NotFoundException', `Invalid keyId '${text}'`)
  return { kind: 'key', ...place, id: text.toLowerCase() }
}

function readArn(text: string, { region }: KeyPlace): KeyReference {
  const [, partition, arnRegion, account, kind, name] = arnForm.exec(text) ?? []
  if (account === undefined || name === undefined || (kind === 'key' && !keyIdForm.test(name)))
    throw new KeyServiceError('InvalidArnException', `Invalid arn ${text}`)
  if (arnRegion !== region || partition !== partitionOf(region))
    throw new KeyServiceError('NotFoundException', `Invalid arn ${arnRegion}`)
  const place = { account: account as AccountId, region }
  return kind === 'key'
    ? { kind, ...place, id: name.toLowerCase() }
    : { kind: 'alias', ...place, name: `alias/${name}` }
}

/** Undefined where there is no such key, or its alias names none. */
export function findKey(store: KeyStore, reference: KeyReference): KeyDocument | undefined {
  const { account, region } = reference
  const id = reference.kind === 'key' ? reference.id : store.alias(account, region, reference.name)?.keyId
  const key = id === undefined ? undefined : store.key(id)
  return key?.account === account && key.region === region ? key : undefined
}

export function referenceNotFound(reference: KeyReference): KeyServiceError {
  const message =
    reference.kind === 'key'
      ? `Key '${keyArn(reference)}' does not exist`
      : `Alias ${aliasArn(reference)} is not found.`
  return new KeyServiceError('NotFoundException', message)
}

export const referenceArn = (reference: KeyReference): string =>
  reference.kind === 'key' ? keyArn(reference) : aliasArn(reference)
