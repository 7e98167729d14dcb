import { misuse } from '../command-error.ts'
import { control, controlAccount } from '../control-client.ts'
import { print, printError, printJson, type CliContext } from '../context.ts'
import type { FormatFlags } from '../flags.ts'
import { formatTable } from '../table.ts'

/** Accounts, users and keys: what only the owner of the server's machine may change, over the control socket. */
export interface OwnerFlags extends FormatFlags {
  readonly data?: string
  readonly account?: string
}
export interface NameFlags extends OwnerFlags {
  readonly name?: string
}
export interface RoleFlags extends OwnerFlags {
  readonly role: 'administrator' | 'auditor' | 'producer'
  readonly allAccounts?: boolean
}
export interface KindFlags extends OwnerFlags {
  readonly kind: 'signature' | 'bearer'
}

type Row = Readonly<Record<string, unknown>>

export async function createAccount(this: CliContext, flags: NameFlags, accountId?: string): Promise<void> {
  const account = {
    ...(accountId !== undefined && { accountId }),
    ...(flags.name !== undefined && { name: flags.name }),
  }
  showOne(this, flags, await control<Row>(this, flags, 'accounts/create', account))
}

export async function listAccounts(this: CliContext, flags: OwnerFlags): Promise<void> {
  showAll(this, flags, await control<unknown>(this, flags, 'accounts/list', {}), ['id', 'name', 'createdAt'])
}

export async function createUser(this: CliContext, flags: RoleFlags, userName: string): Promise<void> {
  showOne(this, flags, await control<Row>(this, flags, 'users/create', userOf(this, flags, userName)))
}

export async function updateUser(this: CliContext, flags: RoleFlags, userName: string): Promise<void> {
  showOne(this, flags, await control<Row>(this, flags, 'users/update', userOf(this, flags, userName)))
}

const userOf = (context: CliContext, flags: RoleFlags, userName: string) => ({
  account: controlAccount(context, flags),
  userName,
  role: flags.role,
  ...(flags.allAccounts !== undefined && { allAccounts: flags.allAccounts }),
})

export async function deleteUser(this: CliContext, flags: OwnerFlags, userName: string): Promise<void> {
  await control(this, flags, 'users/delete', { account: controlAccount(this, flags), userName })
  done(this, flags, `user ${userName} is deleted`)
}

export async function listUsers(this: CliContext, flags: OwnerFlags): Promise<void> {
  const answer = await control<unknown>(this, flags, 'users/list', { account: controlAccount(this, flags) })
  showAll(this, flags, answer, ['userName', 'role', 'allAccounts', 'arn', 'createdAt'])
}

export async function createKey(this: CliContext, flags: KindFlags, userName: string): Promise<void> {
  const key = { account: controlAccount(this, flags), userName, kind: flags.kind }
  showSecret(this, flags, await control<Row>(this, flags, 'keys/create', key))
}

export async function rotateKey(
  this: CliContext,
  flags: OwnerFlags,
  userName: string,
  accessKeyId: string,
): Promise<void> {
  const key = { account: controlAccount(this, flags), userName, accessKeyId }
  showSecret(this, flags, await control<Row>(this, flags, 'keys/rotate', key))
}

export async function listKeys(this: CliContext, flags: OwnerFlags, userName: string): Promise<void> {
  const answer = await control<unknown>(this, flags, 'keys/list', { account: controlAccount(this, flags), userName })
  showAll(this, flags, answer, ['accessKeyId', 'kind', 'status', 'createdAt'])
}

export async function deleteKey(
  this: CliContext,
  flags: OwnerFlags,
  userName: string,
  accessKeyId: string,
): Promise<void> {
  await control(this, flags, 'keys/delete', { account: controlAccount(this, flags), userName, accessKeyId })
  done(this, flags, `key ${accessKeyId} is deleted`)
}

export const activateKey = setStatus('Active')
export const deactivateKey = setStatus('Inactive')

function setStatus(status: 'Active' | 'Inactive') {
  return async function (this: CliContext, flags: OwnerFlags, userName: string, accessKeyId: string): Promise<void> {
    await control(this, flags, 'keys/update', { account: controlAccount(this, flags), userName, accessKeyId, status })
    done(this, flags, `key ${accessKeyId} is ${status.toLowerCase()}`)
  }
}

/** The member in which the server lists what it was asked for, or the answer itself. */
function rowsOf(answer: unknown): Row[] {
  const list = Array.isArray(answer) ? answer : Object.values(answer ?? {}).find(Array.isArray)
  if (!Array.isArray(list)) throw misuse('the server answered something that is no list; is it of the same version?')
  return list as Row[]
}

function showAll(context: CliContext, flags: OwnerFlags, answer: unknown, columns: readonly string[]): void {
  const rows = rowsOf(answer)
  if (flags.format === 'json') return printJson(context, rows)
  print(
    context,
    formatTable(
      columns.map(heading),
      rows.map((row) => columns.map((column) => textOf(row[column]))),
    ),
  )
}

function showOne(context: CliContext, flags: OwnerFlags, row: Row): void {
  if (flags.format === 'json') return printJson(context, row)
  const shown = Object.entries(row).filter(([, value]) => typeof value !== 'object')
  print(context, shown.map(([name, value]) => `${`${name}:`.padEnd(17)}${textOf(value)}`).join('\n'))
}

/** A bearer token is one word; a signature's key has two halves, under the names that AWS clients know. */
function showSecret(context: CliContext, flags: OwnerFlags, { secret, ...key }: Row): void {
  showOne(context, flags, { ...key, [key['kind'] === 'bearer' ? 'token' : 'secretAccessKey']: secret })
  if (flags.format !== 'json') printError(context, 'This is the only time that the secret is shown.')
}

const done = (context: CliContext, flags: OwnerFlags, text: string): void =>
  flags.format === 'json' ? printJson(context, {}) : print(context, text)

const heading = (column: string): string => column.replace(/[A-Z]/g, (letter) => ` ${letter}`).toUpperCase()
const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
