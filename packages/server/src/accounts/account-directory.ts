import type { AccountId } from '@opentrail/core/event'
import { listAll, type ControlStore, type ControlWrite } from '../control/index.ts'
import type { KeyRing } from '../keyring/index.ts'
import {
  accessKeysPrefix,
  accountsPrefix,
  bootstrapKey,
  secretPurpose,
  userKey,
  usersPrefix,
  type AccessKeyDocument,
  type AccountDocument,
  type BootstrapDocument,
  type UserDocument,
} from './documents.ts'
import { bearerTokenHash, bearerTokenId, sameHash } from './identifiers.ts'
import type { CredentialSource, Principal } from './principal.ts'

/** The documents of the store in memory, and their versions. */
export interface AccountDirectory extends CredentialSource {
  readonly accountIds: ReadonlySet<AccountId>
  readonly users: ReadonlyMap<string, UserDocument>
  account(id: AccountId): AccountDocument | undefined
  /** In the order they were created. */
  accounts(): AccountDocument[]
  user(account: AccountId, userName: string): UserDocument | undefined
  /** By name, whatever its case: IAM holds two names that differ in case only for the same. */
  hasUserName(account: AccountId, userName: string): boolean
  usersOf(account: AccountId): UserDocument[]
  userCount(account: AccountId): number
  key(accessKeyId: string): AccessKeyDocument | undefined
  keysOf(account: AccountId, userName: string): AccessKeyDocument[]
  unfinishedBootstrap(): BootstrapDocument | undefined
  /** The version that a change of this document has to name; 0 when there is none. */
  version(key: string): number
  /** Takes over what was committed; the versions are read by the next `refresh`. */
  apply(writes: readonly ControlWrite[]): void
  /** Reads these documents anew. @throws {ControlUnavailableError} */
  refresh(keys: Iterable<string>): Promise<void>
}

interface Credential {
  readonly document: AccessKeyDocument
  /** The secret of a signature key, or the hash of a bearer token. */
  readonly secret: string | Buffer
}

/** Reads everything. @throws {Error} naming the access key whose secret does not open. */
export async function openAccountDirectory(control: ControlStore, keyRing: KeyRing): Promise<AccountDirectory> {
  const accounts = new Map<AccountId, AccountDocument>()
  const accountIds = new Set<AccountId>()
  const users = new Map<string, UserDocument>()
  const userNames = new Map<AccountId, Map<string, UserDocument>>()
  const credentials = new Map<string, Credential>()
  const keysByUser = new Map<string, Set<string>>()
  const versions = new Map<string, number>()
  let bootstrap: BootstrapDocument | undefined

  function setUser(key: string, user: UserDocument | undefined): void {
    const before = users.get(key)
    if (before) userNames.get(before.account)?.delete(before.userName.toLowerCase())
    if (!user) return void users.delete(key)
    users.set(key, user)
    const names = userNames.get(user.account) ?? new Map<string, UserDocument>()
    userNames.set(user.account, names.set(user.userName.toLowerCase(), user))
  }

  function setAccessKey(key: string, document: AccessKeyDocument | undefined): void {
    const [account, userName, accessKeyId] = key.slice(accessKeysPrefix.length).split('/') as [
      AccountId,
      string,
      string,
    ]
    const owner = userKey(account, userName)
    const ids = keysByUser.get(owner) ?? new Set()
    if (!document) {
      credentials.delete(accessKeyId)
      ids.delete(accessKeyId)
      if (ids.size === 0) keysByUser.delete(owner)
      return
    }
    credentials.set(accessKeyId, { document, secret: openSecret(keyRing, document) })
    keysByUser.set(owner, ids.add(accessKeyId))
  }

  function set(key: string, value: unknown): void {
    if (key.startsWith(accountsPrefix)) {
      const id = key.slice(accountsPrefix.length) as AccountId
      if (value === undefined) accounts.delete(id)
      else accounts.set(id, value as AccountDocument)
      if (value === undefined) accountIds.delete(id)
      else accountIds.add(id)
    } else if (key.startsWith(usersPrefix)) setUser(key, value as UserDocument | undefined)
    else if (key.startsWith(accessKeysPrefix)) setAccessKey(key, value as AccessKeyDocument | undefined)
    else if (key === bootstrapKey) bootstrap = value as BootstrapDocument | undefined
  }

  async function refresh(keys: Iterable<string>): Promise<void> {
    for (const key of keys) {
      const stored = await control.get(key)
      set(key, stored?.value)
      if (stored) versions.set(key, stored.version)
      else versions.delete(key)
    }
  }

  for (const prefix of [accountsPrefix, usersPrefix, accessKeysPrefix])
    for (const { key, value, version } of await listAll(control, prefix)) {
      set(key, value)
      versions.set(key, version)
    }
  await refresh([bootstrapKey])

  /** A key works only while it is active and its user is there. */
  function principal(credential: Credential | undefined): Principal | undefined {
    if (credential?.document.status !== 'Active') return undefined
    const { account, userName, accessKeyId } = credential.document
    const user = users.get(userKey(account, userName))
    return user && { ...userPrincipal(user), accessKeyId }
  }

  return {
    accountIds,
    users,
    account: (id) => accounts.get(id),
    accounts: () => [...accounts.values()].sort(byCreation(({ id }) => id)),
    user: (account, userName) => users.get(userKey(account, userName)),
    hasUserName: (account, userName) => userNames.get(account)?.has(userName.toLowerCase()) === true,
    usersOf: (account) => [...(userNames.get(account)?.values() ?? [])].sort(byCreation(({ userName }) => userName)),
    userCount: (account) => userNames.get(account)?.size ?? 0,
    key: (accessKeyId) => credentials.get(accessKeyId)?.document,
    keysOf: (account, userName) =>
      [...(keysByUser.get(userKey(account, userName)) ?? [])]
        .map((id) => credentials.get(id)!.document)
        .sort(byCreation(({ accessKeyId }) => accessKeyId)),
    unfinishedBootstrap: () => bootstrap,
    version: (key) => versions.get(key) ?? 0,
    apply(writes) {
      for (const { key, value } of writes) set(key, value)
    },
    refresh,
    accessKey(accessKeyId) {
      const credential = credentials.get(accessKeyId)
      if (typeof credential?.secret !== 'string') return undefined
      const caller = principal(credential)
      return caller && { principal: caller, secretAccessKey: credential.secret }
    },
    bearer(token) {
      const id = bearerTokenId(token)
      const credential = id === undefined ? undefined : credentials.get(id)
      if (!(credential?.secret instanceof Buffer)) return undefined
      return sameHash(bearerTokenHash(token), credential.secret) ? principal(credential) : undefined
    },
  }
}

/** Who a user is, by whichever credentials. */
export const userPrincipal = (user: UserDocument): Omit<Principal, 'accessKeyId'> => ({
  account: user.account,
  userName: user.userName,
  userId: user.userId,
  arn: userArn(user),
  role: user.role,
  ...(user.allAccounts && { allAccounts: true }),
})

export const userArn = ({ account, userName }: Pick<UserDocument, 'account' | 'userName'>): string =>
  `arn:aws:iam::${account}:user/${userName}`

function openSecret(keyRing: KeyRing, document: AccessKeyDocument): string | Buffer {
  const secret = Buffer.from(document.secret, 'base64')
  if (document.kind === 'bearer') return secret
  try {
    return keyRing.openSecret(secretPurpose(document), secret).toString()
  } catch (cause) {
    throw new Error(`the secret of access key ${document.accessKeyId} cannot be opened`, { cause })
  }
}

/** By time, then by `id`, so that the order is always the same. */
const byCreation =
  <T extends { readonly createdAt: string }>(id: (document: T) => string) =>
  (a: T, b: T): number =>
    compare(a.createdAt, b.createdAt) || compare(id(a), id(b))

const compare = (a: string, b: string): number => Number(a > b) - Number(a < b)
