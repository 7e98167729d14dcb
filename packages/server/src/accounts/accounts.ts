import type { AccountId, Region } from '@opentrail/core/event'
import { uuid, type Clocks, type Random } from '../clock/index.ts'
import type { ControlStore } from '../control/index.ts'
import type { KeyRing } from '../keyring/index.ts'
import type { SelfTrail } from '../selftrail/index.ts'
import { openAccountDirectory, userPrincipal } from './account-directory.ts'
import { createAdministration, type Administration } from './administration.ts'
import { createChangeQueue } from './change-queue.ts'
import { bootstrapKey } from './documents.ts'
import type { AdministrationCaller } from './iam-events.ts'
import { newAccountId } from './identifiers.ts'
import type { CredentialSource, Principal } from './principal.ts'

export interface Accounts extends CredentialSource, Administration {
  /** The accounts that exist, always as they are now. */
  readonly accountIds: ReadonlySet<AccountId>
  /** The administrator of that name; without one, the account's first. */
  administrator(account: AccountId, userName?: string): Omit<Principal, 'accessKeyId'> | undefined
  /**
   * Makes an account, its user `admin` and a key at the very first start; a start that was cut off is finished by the
   * next. Undefined where there is an account already: the secret of its key is shown this once only.
   */
  bootstrap(options: BootstrapOptions): Promise<FirstCredentials | undefined>
}

export interface BootstrapOptions {
  /** Random where none is wanted in particular. */
  readonly accountId?: AccountId
  /** Known to everybody: for test servers, which serve their own machine only. */
  readonly fixedCredentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

export interface FirstCredentials {
  readonly account: AccountId
  readonly userName: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const firstUserName = 'admin'

/**
 * Accounts, users and keys: kept in the control store, answered from memory. Opening reads all of them.
 * `region` is the leading Region, whose stream gets the events of the global services.
 */
export async function openAccounts(options: {
  readonly control: ControlStore
  readonly keyRing: KeyRing
  readonly random: Random
  readonly clocks: Clocks
  readonly trail: SelfTrail
  readonly region: Region
}): Promise<Accounts> {
  const { control, keyRing, random, clocks, trail, region } = options
  const directory = await openAccountDirectory(control, keyRing)
  const changes = createChangeQueue({ directory, trail, region })
  const administration = createAdministration({ directory, changes, keyRing, random, clocks })
  const startOfServer = (): AdministrationCaller => ({
    requestId: uuid(random),
    sourceIPAddress: '127.0.0.1',
    userAgent: 'opentrail start',
  })

  return {
    ...administration,
    accountIds: directory.accountIds,
    accessKey: (accessKeyId) => directory.accessKey(accessKeyId),
    bearer: (token) => directory.bearer(token),
    administrator(account, userName) {
      const users = userName === undefined ? directory.usersOf(account) : [directory.user(account, userName)]
      const user = users.find((candidate) => candidate?.role === 'administrator')
      return user && userPrincipal(user)
    },
    async bootstrap({ accountId, fixedCredentials }) {
      const unfinished = directory.unfinishedBootstrap()
      if (directory.accountIds.size > 0 && !unfinished) return undefined
      // Three events, so three transactions. The marker is written with the first and removed with the last.
      const account = unfinished?.account ?? (await createFirstAccount(accountId))
      if (!directory.user(account, firstUserName))
        await administration.createUser(startOfServer(), {
          account,
          userName: firstUserName,
          role: 'administrator',
          allAccounts: true,
        })
      const { accessKeyId, secret } = await administration.createAccessKey(
        startOfServer(),
        { account, userName: firstUserName, kind: 'signature' },
        {
          writes: [{ key: bootstrapKey, value: undefined }],
          ...(fixedCredentials && { credentials: fixedCredentials }),
        },
      )
      return { account, userName: firstUserName, accessKeyId, secretAccessKey: secret }
    },
  }

  async function createFirstAccount(wanted: AccountId | undefined): Promise<AccountId> {
    // The id has to be known before the account is, for the marker is written in the same transaction.
    const account = wanted ?? newAccountId(random)
    const marker = { key: bootstrapKey, value: { account } }
    await administration.createAccount(startOfServer(), { accountId: account, name: 'main' }, { writes: [marker] })
    return account
  }
}
