import { aliasArn, keyArn, type AliasDocument } from '../key-documents.ts'
import { aliasForm } from '../key-reference.ts'
import { KeyServiceError } from '../key-service.ts'
import { checkNotPending } from './change-key.ts'
import { createInputReader, type InputReader } from './input.ts'
import { keyIdRule } from './rules.ts'
import { authorise, authoriseKey, authoriseRole, placeOf, type KmsCall, type KmsHandler } from './kms-call.ts'
import { pageOf, readPage } from './pages.ts'
import { wireTime } from './wire-key.ts'

const aliasRule = { max: 256, pattern: /^[a-zA-Z0-9:/_-]+$/ }
/** AWS's quota. */
const aliasesPerKeyMax = 50

export const CreateAlias: KmsHandler = async (call) => {
  const { name, reference } = readAliasAndTarget(call)
  const { store, now } = call.keys
  const { account, region } = placeOf(call)
  await store.change(async (save) => {
    const alias: AliasDocument = { account, region, name, keyId: '', createdAt: now(), updatedAt: now() }
    authoriseRole(call, 'kms:CreateAlias', aliasArn(alias))
    const key = authoriseKey(call, { action: 'kms:CreateAlias', reference })
    checkNotPending(key)
    if (store.alias(account, region, name))
      throw new KeyServiceError('AlreadyExistsException', `An alias with the name ${aliasArn(alias)} already exists`)
    checkRoom(call, key.id)
    const edit = { kind: 'alias', alias: { ...alias, keyId: key.id }, isGone: false } as const
    await save([edit], { KeyId: keyArn(key) }, call.commit)
  })
}

export const UpdateAlias: KmsHandler = async (call) => {
  const { name, reference } = readAliasAndTarget(call)
  const { store, now } = call.keys
  await store.change(async (save) => {
    const action = 'kms:UpdateAlias'
    const alias = findAlias(call, action, name)
    authoriseCurrent(call, action, alias)
    const key = authoriseKey(call, { action, reference })
    checkNotPending(key)
    if (alias.keyId !== key.id) checkRoom(call, key.id)
    const edit = { kind: 'alias', alias: { ...alias, keyId: key.id, updatedAt: now() }, isGone: false } as const
    await save([edit], { KeyId: keyArn(key) }, call.commit)
  })
}

export const DeleteAlias: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const name = reader.neededText('AliasName', aliasRule)
  reader.check()
  checkAliasName(name)
  await call.keys.store.change(async (save) => {
    const action = 'kms:DeleteAlias'
    const alias = findAlias(call, action, name)
    authoriseCurrent(call, action, alias)
    const key = call.keys.store.key(alias.keyId)
    await save([{ kind: 'alias', alias, isGone: true }], key ? { KeyId: keyArn(key) } : {}, call.commit)
  })
}

export const ListAliases: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.text('KeyId', keyIdRule)
  const page = readPage(reader, { usual: 50, max: 100 })
  reader.check()
  authoriseRole(call, 'kms:ListAliases')
  const { account, region } = placeOf(call)
  const key = reference === undefined ? undefined : authoriseKey(call, { action: 'kms:ListAliases', reference })
  const aliases = call.keys.store.aliasesOf(account, region).filter(({ keyId }) => !key || keyId === key.id)
  const { items, end } = pageOf(aliases, ({ name }) => name, page())
  return { Aliases: items.map(wireAlias), ...end }
}

const wireAlias = (alias: AliasDocument): Record<string, unknown> => ({
  AliasName: alias.name,
  AliasArn: aliasArn(alias),
  TargetKeyId: alias.keyId,
  CreationDate: wireTime(alias.createdAt),
  LastUpdatedDate: wireTime(alias.updatedAt),
})

function readAliasAndTarget(call: KmsCall): { readonly name: string; readonly reference: string } {
  const reader: InputReader = createInputReader(call.input)
  const name = reader.neededText('AliasName', aliasRule)
  const reference = reader.neededText('TargetKeyId', keyIdRule)
  reader.check()
  checkAliasName(name)
  if (/^(?:alias\/|arn:.*:alias\/)/.test(reference))
    throw new KeyServiceError('ValidationException', 'Aliases must refer to keys. Not aliases')
  return { name, reference }
}

/** Names below `alias/aws/` are AWS's own. @throws {KeyServiceError} */
function checkAliasName(name: string): void {
  if (!name.startsWith('alias/')) throw new KeyServiceError('ValidationException', 'Invalid identifier')
  if (name.startsWith('alias/aws/')) throw new KeyServiceError('NotAuthorizedException', '')
  if (!aliasForm.test(name))
    throw new KeyServiceError('ValidationException', `${name} contains invalid characters for an alias`)
}

function findAlias(call: KmsCall, action: string, name: string): AliasDocument {
  const { account, region } = placeOf(call)
  authoriseRole(call, action, aliasArn({ account, region, name }))
  const alias = call.keys.store.alias(account, region, name)
  if (!alias)
    throw new KeyServiceError('NotFoundException', `Alias ${aliasArn({ account, region, name })} is not found.`)
  return alias
}

/** The key that the alias names now must let go of it. */
function authoriseCurrent(call: KmsCall, action: string, { keyId }: AliasDocument): void {
  const key = call.keys.store.key(keyId)
  if (key) authorise(call, key, action)
}

function checkRoom(call: KmsCall, keyId: string): void {
  if (call.keys.store.aliasesOfKey(keyId).length >= aliasesPerKeyMax)
    throw new KeyServiceError('LimitExceededException', `A key has at most ${aliasesPerKeyMax} aliases.`)
}
