import { isAccountId, type AccountId } from '@opentrail/core/event'
import type { Clocks, Random } from '../clock/index.ts'
import type { KeyRing } from '../keyring/index.ts'
import { ApiError } from '../operations/index.ts'
import { userArn, type AccountDirectory } from './account-directory.ts'
import type { ChangeQueue } from './change-queue.ts'
import {
  accessKeyKey,
  accountKey,
  secretPurpose,
  userKey,
  type AccessKeyDocument,
  type AccessKeyKind,
  type AccessKeyStatus,
  type AccountDocument,
  type UserDocument,
} from './documents.ts'
import {
  accessKeyElement,
  accountElement,
  iam,
  organizations,
  userElement,
  type AdministrationCaller,
} from './iam-events.ts'
import {
  bearerTokenHash,
  isAccountName,
  isUserName,
  newAccessKeyId,
  newAccountId,
  newBearerToken,
  newSecret,
  newUserId,
} from './identifiers.ts'
import type { Role } from './principal.ts'

/** Everything is held in memory, and streams grow with accounts: these bound both. */
export const accountsMax = 10_000
/** As IAM's quota. */
export const usersPerAccountMax = 5_000
export const usersMax = 100_000
/** IAM has 2 and more for service-specific credentials; here both kinds count together. */
export const keysPerUserMax = 10

export type AccountView = Pick<AccountDocument, 'id' | 'name' | 'createdAt'>
export type UserView = UserDocument & { readonly arn: string }
export type AccessKeyView = Omit<AccessKeyDocument, 'secret'>
/** The only place where a secret is ever shown. `secret` is the secret access key, or the whole bearer token. */
export type NewAccessKey = AccessKeyView & { readonly secret: string }

export interface UserName {
  readonly account: AccountId
  readonly userName: string
}
export interface NewUser extends UserName {
  readonly role: Role
  /** Whether it may read the events of every account. */
  readonly allAccounts?: boolean
}
export interface AccessKeyName extends UserName {
  readonly accessKeyId: string
}

/** What is written beside a change, in its transaction; and given credentials instead of random ones. */
export interface Extras {
  readonly writes?: readonly { readonly key: string; readonly value: unknown }[]
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/**
 * Who may call. Each method is recorded as an event, refused calls too, and rejects with `ApiError` (`AccessDenied`,
 * `ValidationError`, `NoSuchEntity`, `EntityAlreadyExists`, `DeleteConflict`, `LimitExceeded`, `ConcurrentModification`).
 */
export interface Administration {
  createAccount(
    caller: AdministrationCaller,
    account: { readonly accountId?: string; readonly name?: string },
    extras?: Extras,
  ): Promise<AccountView>
  listAccounts(caller: AdministrationCaller): Promise<AccountView[]>
  createUser(caller: AdministrationCaller, user: NewUser, extras?: Extras): Promise<UserView>
  /** The grant for all accounts stays as it is where nothing is said of it. */
  updateUser(caller: AdministrationCaller, user: NewUser): Promise<UserView>
  /** Its keys have to be deleted before. The last administrator of all stays. */
  deleteUser(caller: AdministrationCaller, user: UserName): Promise<void>
  listUsers(caller: AdministrationCaller, account: AccountId): Promise<UserView[]>
  createAccessKey(
    caller: AdministrationCaller,
    key: UserName & { readonly kind: AccessKeyKind },
    extras?: Extras,
  ): Promise<NewAccessKey>
  updateAccessKey(
    caller: AdministrationCaller,
    key: AccessKeyName & { readonly status: AccessKeyStatus },
  ): Promise<void>
  deleteAccessKey(caller: AdministrationCaller, key: AccessKeyName): Promise<void>
  listAccessKeys(caller: AdministrationCaller, user: UserName): Promise<AccessKeyView[]>
  /** A new key of the same kind, then the old one becomes inactive. If the second step fails, both are active. */
  rotateAccessKey(caller: AdministrationCaller, key: AccessKeyName): Promise<NewAccessKey>
}

export function createAdministration(options: {
  readonly directory: AccountDirectory
  readonly changes: ChangeQueue
  readonly keyRing: KeyRing
  readonly random: Random
  readonly clocks: Clocks
}): Administration {
  const { directory, changes, keyRing, random, clocks } = options
  const now = () => new Date(clocks.domain()).toISOString()

  function requireAccount(id: AccountId): AccountDocument {
    if (!isAccountId(id)) throw invalid('An account id has twelve digits.')
    return directory.account(id) ?? fail('NoSuchEntity', `The account with id ${id} cannot be found.`, 404)
  }
  function requireUser({ account, userName }: UserName): UserDocument {
    requireAccount(account)
    if (!isUserName(userName)) throw invalid('A user name has 1 to 64 letters, digits or any of _+=,.@-')
    return (
      directory.user(account, userName) ?? fail('NoSuchEntity', `The user with name ${userName} cannot be found.`, 404)
    )
  }
  function requireKey(name: AccessKeyName): AccessKeyDocument {
    requireUser(name)
    const key = directory.key(name.accessKeyId)
    if (key?.account === name.account && key.userName === name.userName) return key
    return fail('NoSuchEntity', `The Access Key with id ${name.accessKeyId} cannot be found.`, 404)
  }
  function requireAnotherAdministrator(user: UserDocument): void {
    if (user.role !== 'administrator') return
    for (const other of directory.users.values())
      if (other.role === 'administrator' && other.userId !== user.userId) return
    fail('DeleteConflict', `The user ${user.userName} is the last administrator.`, 409)
  }
  /** Each change counts in its account, so that of two that do not know of each other one fails. */
  function touch(account: AccountId) {
    const document = requireAccount(account)
    return { key: accountKey(account), value: { ...document, changes: document.changes + 1 } }
  }
  const change = (document: UserDocument, value: UserDocument | undefined) => [
    touch(document.account),
    { key: userKey(document.account, document.userName), value },
  ]
  const changeKey = (document: AccessKeyDocument, value: AccessKeyDocument | undefined) => [
    touch(document.account),
    { key: accessKeyKey(document.account, document.userName, document.accessKeyId), value },
  ]

  const administration: Administration = {
    createAccount(caller, { accountId, name }, extras = {}) {
      const id = (accountId ?? newAccountId(random)) as AccountId
      const account = { id, name: name ?? id, createdAt: now(), changes: 0 }
      const act = organizations('CreateAccount', { AccountId: id, AccountName: account.name })
      return changes.perform(act, caller, id, () => {
        if (!isAccountId(id)) throw invalid('An account id has twelve digits.')
        if (!isAccountName(account.name)) throw invalid('An account name has 1 to 50 printable ASCII characters.')
        if (directory.account(id)) fail('EntityAlreadyExists', `Account with id ${id} already exists.`, 409)
        if (directory.accountIds.size >= accountsMax) fail('LimitExceeded', `There are ${accountsMax} accounts.`, 409)
        return {
          writes: [{ key: accountKey(id), value: account }, ...(extras.writes ?? [])],
          responseElements: accountElement(account),
          result: accountView(account),
        }
      })
    },
    listAccounts(caller) {
      const first = directory.accounts()[0]
      if (!first) return Promise.resolve([])
      return changes.perform(organizations('ListAccounts'), caller, first.id, () => ({
        result: directory.accounts().map(accountView),
      }))
    },
    createUser(caller, { account, userName, role, allAccounts }, extras = {}) {
      return changes.perform(iam('CreateUser', userParameters(userName, role, allAccounts)), caller, account, () => {
        requireAccount(account)
        if (!isUserName(userName)) throw invalid('A user name has 1 to 64 letters, digits or any of _+=,.@-')
        requireRole(role)
        if (directory.hasUserName(account, userName))
          fail('EntityAlreadyExists', `User with name ${userName} already exists.`, 409)
        if (directory.userCount(account) >= usersPerAccountMax)
          fail('LimitExceeded', `Cannot exceed quota for UsersPerAccount: ${usersPerAccountMax}`, 409)
        if (directory.users.size >= usersMax) fail('LimitExceeded', `There are ${usersMax} users in all accounts.`, 409)
        const userId = newUserId(random)
        const grant = allAccounts && { allAccounts: true as const }
        const user: UserDocument = { account, userName, userId, role, ...grant, createdAt: now() }
        const writes = [...change(user, user), ...(extras.writes ?? [])]
        return { writes, responseElements: userElement(user), result: userView(user) }
      })
    },
    updateUser(caller, { account, userName, role, allAccounts }) {
      return changes.perform(iam('UpdateUser', userParameters(userName, role, allAccounts)), caller, account, () => {
        const before = requireUser({ account, userName })
        requireRole(role)
        if (role !== 'administrator') requireAnotherAdministrator(before)
        const { allAccounts: granted, ...rest } = before
        const user = { ...rest, role, ...((allAccounts ?? granted) && { allAccounts: true as const }) }
        return { writes: change(before, user), result: userView(user) }
      })
    },
    deleteUser(caller, { account, userName }) {
      return changes.perform(iam('DeleteUser', { UserName: userName }), caller, account, () => {
        const user = requireUser({ account, userName })
        if (directory.keysOf(account, userName).length > 0)
          fail('DeleteConflict', 'Cannot delete entity, must delete access keys first.', 409)
        requireAnotherAdministrator(user)
        return { writes: change(user, undefined), result: undefined }
      })
    },
    listUsers(caller, account) {
      return changes.perform(iam('ListUsers'), caller, account, () => {
        requireAccount(account)
        return { result: directory.usersOf(account).map(userView) }
      })
    },
    createAccessKey(caller, { account, userName, kind }, extras = {}) {
      const act = iam('CreateAccessKey', { UserName: userName, ...(kind !== 'signature' && { Kind: kind }) })
      return changes.perform(act, caller, account, () => {
        requireUser({ account, userName })
        if (kind !== 'signature' && kind !== 'bearer') throw invalid('A key is of kind signature or bearer.')
        if (directory.keysOf(account, userName).length >= keysPerUserMax)
          fail('LimitExceeded', `Cannot exceed quota for AccessKeysPerUser: ${keysPerUserMax}`, 409)
        const given = extras.credentials
        const accessKeyId = given?.accessKeyId ?? newAccessKeyId(kind, random)
        // Twice the same 80 random bits: a broken source of randomness, which must not go unnoticed.
        if (directory.key(accessKeyId)) throw new Error(`access key ${accessKeyId} exists already`)
        const bare = { account, userName, accessKeyId, kind, status: 'Active' as const, createdAt: now() }
        const secret =
          kind === 'bearer' ? newBearerToken(accessKeyId, random) : (given?.secretAccessKey ?? newSecret(random))
        const stored =
          kind === 'bearer' ? bearerTokenHash(secret) : keyRing.sealSecret(secretPurpose(bare), Buffer.from(secret))
        const document = { ...bare, secret: stored.toString('base64') }
        const writes = [...changeKey(document, document), ...(extras.writes ?? [])]
        return { writes, responseElements: accessKeyElement(document), result: { ...bare, secret } }
      })
    },
    updateAccessKey(caller, { account, userName, accessKeyId, status }) {
      const act = iam('UpdateAccessKey', { UserName: userName, AccessKeyId: accessKeyId, Status: status })
      return changes.perform(act, caller, account, () => {
        const before = requireKey({ account, userName, accessKeyId })
        if (status !== 'Active' && status !== 'Inactive') throw invalid('A status is Active or Inactive.')
        return { writes: changeKey(before, { ...before, status }), result: undefined }
      })
    },
    deleteAccessKey(caller, { account, userName, accessKeyId }) {
      const act = iam('DeleteAccessKey', { UserName: userName, AccessKeyId: accessKeyId })
      return changes.perform(act, caller, account, () => {
        const before = requireKey({ account, userName, accessKeyId })
        return { writes: changeKey(before, undefined), result: undefined }
      })
    },
    listAccessKeys(caller, { account, userName }) {
      return changes.perform(iam('ListAccessKeys', { UserName: userName }), caller, account, () => {
        requireUser({ account, userName })
        return { result: directory.keysOf(account, userName).map(accessKeyView) }
      })
    },
    async rotateAccessKey(caller, { account, userName, accessKeyId }) {
      const kind = directory.key(accessKeyId)?.kind ?? 'signature'
      // Refused, and recorded, before a new key is made for an old one that is not there.
      const act = iam('ListAccessKeys', { UserName: userName })
      await changes.perform(act, caller, account, () => ({
        result: void requireKey({ account, userName, accessKeyId }),
      }))
      const created = await administration.createAccessKey(caller, { account, userName, kind })
      await administration.updateAccessKey(caller, { account, userName, accessKeyId, status: 'Inactive' })
      return created
    },
  }
  return administration
}

function fail(code: string, message: string, status: number): never {
  throw new ApiError(code, message, { status })
}

const userParameters = (userName: string, role: Role, allAccounts: boolean | undefined) => ({
  UserName: userName,
  Role: role,
  ...(allAccounts !== undefined && { AllAccounts: allAccounts }),
})

const invalid = (message: string): ApiError => new ApiError('ValidationError', message)

function requireRole(role: Role): void {
  if (role !== 'administrator' && role !== 'auditor' && role !== 'producer')
    throw invalid('A role is administrator, auditor or producer.')
}

const accountView = ({ id, name, createdAt }: AccountDocument): AccountView => ({ id, name, createdAt })
const userView = (user: UserDocument): UserView => ({ ...user, arn: userArn(user) })
function accessKeyView(document: AccessKeyDocument): AccessKeyView {
  const { account, userName, accessKeyId, kind, status, createdAt } = document
  return { account, userName, accessKeyId, kind, status, createdAt }
}
