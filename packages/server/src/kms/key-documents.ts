import type { AccountId, Region } from '@opentrail/core/event'
import { partitionOf } from '@opentrail/core/trail'

export interface KeyTag {
  readonly key: string
  readonly value: string
}

export type RotationCause = 'AUTOMATIC' | 'ON_DEMAND'

/** One generation of a key's material. Times in milliseconds of domain time. */
export interface MaterialDocument {
  /** 1, 2, 3, ...; ciphertexts name it. */
  readonly version: number
  /** 64 hexadecimal digits, as the API names it. */
  readonly id: string
  readonly createdAt: number
  /** Absent of the first one. */
  readonly cause?: RotationCause
  /** Base64 of 32 bytes sealed by the key ring. */
  readonly sealed: string
}

/** A symmetric key with all that belongs to it; its aliases are documents of their own. */
export interface KeyDocument {
  /** A UUID, unique over all accounts and Regions. */
  readonly id: string
  readonly account: AccountId
  readonly region: Region
  readonly createdAt: number
  readonly description: string
  readonly isEnabled: boolean
  /** Its material is destroyed then. */
  readonly deletionAt?: number
  /** JSON text as it was put. */
  readonly policy: string
  readonly tags: readonly KeyTag[]
  /** The newest is last; never empty. */
  readonly materials: readonly MaterialDocument[]
  /** Absent: not rotated by itself. */
  readonly rotation?: { readonly periodDays: number; readonly nextAt: number }
}

export interface AliasDocument {
  readonly account: AccountId
  readonly region: Region
  /** With `alias/`. */
  readonly name: string
  readonly keyId: string
  readonly createdAt: number
  readonly updatedAt: number
}

export const keysPrefix = 'kms/key/'
export const aliasesPrefix = 'kms/alias/'
export const keyPlace = (id: string): string => `${keysPrefix}${id}`
export const aliasPlace = ({ account, region, name }: Pick<AliasDocument, 'account' | 'region' | 'name'>): string =>
  `${aliasesPrefix}${account}/${region}/${name}`

type Place = Pick<KeyDocument, 'account' | 'region'>
const arn = ({ account, region }: Place, resource: string): string =>
  `arn:${partitionOf(region)}:kms:${region}:${account}:${resource}`

export const keyArn = (key: Pick<KeyDocument, 'id' | 'account' | 'region'>): string => arn(key, `key/${key.id}`)
export const aliasArn = (alias: Pick<AliasDocument, 'account' | 'region' | 'name'>): string => arn(alias, alias.name)

export const currentMaterial = ({ materials }: KeyDocument): MaterialDocument => materials.at(-1)!

export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion'
export const keyState = ({ isEnabled, deletionAt }: KeyDocument): KeyState =>
  deletionAt !== undefined ? 'PendingDeletion' : isEnabled ? 'Enabled' : 'Disabled'
