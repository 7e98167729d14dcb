import { buildCommand, buildRouteMap } from '@stricli/core'
import type { KindFlags, NameFlags, OwnerFlags, RoleFlags } from '../commands/owner.ts'
import type { CliContext } from '../context.ts'
import { dataFlags, formatFlags, positional, textFlag } from '../flags.ts'

const load = () => import('../commands/owner.ts')

const everyFlag = { ...dataFlags, account: textFlag("Account; the server's own without it", 'ID'), ...formatFlags }
const roleFlags = {
  ...everyFlag,
  role: { kind: 'enum', values: ['administrator', 'auditor', 'producer'], brief: 'What the user may do' },
  allAccounts: {
    kind: 'boolean',
    optional: true,
    brief: 'The user may read the events of every account, not only of its own',
  },
} as const
const kindFlags = {
  ...everyFlag,
  kind: {
    kind: 'enum',
    values: ['signature', 'bearer'],
    default: 'signature',
    brief: 'signature: access key and secret, for AWS clients; bearer: one token, for POST /events',
  },
} as const

const user = { kind: 'tuple', parameters: [positional('Name of the user', 'USER')] } as const
const userKey = {
  kind: 'tuple',
  parameters: [positional('Name of the user', 'USER'), positional('Id of the key', 'KEY-ID')],
} as const

/** Commands that name a user and one of its keys. */
const keyCommand = (name: 'rotateKey' | 'activateKey' | 'deactivateKey' | 'deleteKey', brief: string) =>
  buildCommand<OwnerFlags, [string, string], CliContext>({
    loader: async () => (await load())[name],
    parameters: { flags: everyFlag, positional: userKey },
    docs: { brief },
  })

/** Commands that name a user. */
const userCommand = (name: 'deleteUser' | 'listKeys', brief: string) =>
  buildCommand<OwnerFlags, [string], CliContext>({
    loader: async () => (await load())[name],
    parameters: { flags: everyFlag, positional: user },
    docs: { brief },
  })

const roleCommand = (name: 'createUser' | 'updateUser', brief: string) =>
  buildCommand<RoleFlags, [string], CliContext>({
    loader: async () => (await load())[name],
    parameters: { flags: roleFlags, positional: user },
    docs: { brief },
  })

const listCommand = (name: 'listAccounts' | 'listUsers', brief: string) =>
  buildCommand<OwnerFlags, [], CliContext>({
    loader: async () => (await load())[name],
    parameters: { flags: everyFlag },
    docs: { brief },
  })

export const accountRoutes = buildRouteMap({
  routes: {
    create: buildCommand<NameFlags, [string?], CliContext>({
      loader: async () => (await load()).createAccount,
      parameters: {
        flags: { ...everyFlag, name: textFlag('Name of the account', 'TEXT') },
        positional: {
          kind: 'tuple',
          parameters: [{ ...positional('Twelve digits; made up without it', 'ID'), optional: true }],
        },
      },
      docs: { brief: 'Create an account' },
    }),
    list: listCommand('listAccounts', 'List the accounts'),
  },
  docs: { brief: 'Manage accounts (on the machine of the server)' },
})

export const userRoutes = buildRouteMap({
  routes: {
    create: roleCommand('createUser', 'Create a user'),
    update: roleCommand('updateUser', 'Give a user another role'),
    list: listCommand('listUsers', 'List the users of an account'),
    delete: userCommand('deleteUser', 'Delete a user without keys'),
  },
  docs: { brief: 'Manage users (on the machine of the server)' },
})

export const keyRoutes = buildRouteMap({
  routes: {
    create: buildCommand<KindFlags, [string], CliContext>({
      loader: async () => (await load()).createKey,
      parameters: { flags: kindFlags, positional: user },
      docs: { brief: 'Create an access key and print its secret, once' },
    }),
    list: userCommand('listKeys', 'List the keys of a user'),
    rotate: keyCommand('rotateKey', 'Create a new key of the same kind and make the old one inactive'),
    activate: keyCommand('activateKey', 'Let an inactive key work again'),
    deactivate: keyCommand('deactivateKey', 'Make a key inactive'),
    delete: keyCommand('deleteKey', 'Delete a key for good'),
  },
  docs: { brief: 'Manage access keys (on the machine of the server)' },
})
