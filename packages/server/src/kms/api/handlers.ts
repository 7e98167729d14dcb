import { KeyServiceError } from '../key-service.ts'
import { CreateAlias, DeleteAlias, ListAliases, UpdateAlias } from './aliases.ts'
import {
  Decrypt,
  Encrypt,
  GenerateDataKey,
  GenerateDataKeyWithoutPlaintext,
  GenerateRandom,
  ReEncrypt,
} from './cryptography.ts'
import {
  CancelKeyDeletion,
  CreateKey,
  DescribeKey,
  DisableKey,
  EnableKey,
  ListKeys,
  ScheduleKeyDeletion,
  UpdateKeyDescription,
} from './keys.ts'
import { authoriseRole, type KmsHandler } from './kms-call.ts'
import { kmsOperations, type KmsOperationEntry } from './operation-table.ts'
import { GetKeyPolicy, ListKeyPolicies, PutKeyPolicy } from './policies.ts'
import {
  DisableKeyRotation,
  EnableKeyRotation,
  GetKeyRotationStatus,
  ListKeyRotations,
  RotateKeyOnDemand,
} from './rotation.ts'
import { ListResourceTags, TagResource, UntagResource } from './tags.ts'

export interface KmsOperation extends KmsOperationEntry {
  readonly handle: KmsHandler
}

const built: Readonly<Record<string, KmsHandler>> = {
  CancelKeyDeletion,
  CreateAlias,
  CreateKey,
  Decrypt,
  DeleteAlias,
  DescribeKey,
  DisableKey,
  DisableKeyRotation,
  EnableKey,
  EnableKeyRotation,
  Encrypt,
  GenerateDataKey,
  GenerateDataKeyWithoutPlaintext,
  GenerateRandom,
  GetKeyPolicy,
  GetKeyRotationStatus,
  ListAliases,
  ListKeyPolicies,
  ListKeyRotations,
  ListKeys,
  ListResourceTags,
  PutKeyPolicy,
  ReEncrypt,
  RotateKeyOnDemand,
  ScheduleKeyDeletion,
  TagResource,
  UntagResource,
  UpdateAlias,
  UpdateKeyDescription,
}

/** After the access check: what is not built is nobody's business who may not use it. */
const notBuilt =
  ({ name, action }: KmsOperationEntry): KmsHandler =>
  async (call) => {
    authoriseRole(call, action)
    throw new KeyServiceError(
      'UnsupportedOperationException',
      `The operation ${name} is not built in this version of OpenTrail.`,
    )
  }

const operations: ReadonlyMap<string, KmsOperation> = new Map(
  kmsOperations.map((entry) => [entry.name, { ...entry, handle: built[entry.name] ?? notBuilt(entry) }]),
)

export const findKmsOperation = (name: string): KmsOperation | undefined => operations.get(name)
