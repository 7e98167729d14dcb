import * as z from 'zod'
import type { AccountId } from '@opentrail/core/event'
import type { Administration } from './administration.ts'
import type { AdministrationCaller } from './iam-events.ts'

/** What a route is told beside the body. */
export interface ControlRequest {
  /** The machine's owner: nobody else can open the socket. */
  readonly caller: AdministrationCaller
}

/** Takes the parsed body, of whatever shape it is, and returns what is answered as JSON. */
export type ControlRoute = (body: unknown, request: ControlRequest) => Promise<unknown>

/** Routes by path, for example `/users/create`. */
export type ControlRoutes = Readonly<Record<string, ControlRoute>>

// Only shapes are checked here; which ids, names and roles are good, the administration says and records.
const accountId = z.string().transform((text) => text as AccountId)
const account = z.strictObject({ account: accountId })
const user = z.strictObject({ account: accountId, userName: z.string() })
const userWithRole = user.extend({
  role: z.enum(['administrator', 'auditor', 'producer']),
  allAccounts: z.boolean().exactOptional(),
})
const accessKey = user.extend({ accessKeyId: z.string() })

/** A body of another shape is answered as ValidationError; a shape says nothing about the values in it. */
function route<Input>(
  shape: z.ZodType<Input>,
  act: (caller: AdministrationCaller, input: Input) => Promise<unknown>,
): ControlRoute {
  return async (body, { caller }) => act(caller, shape.parse(body))
}

/** One route per function of the administration. Lists are answered whole: their lengths are bounded. */
export function administrationRoutes(administration: Administration): ControlRoutes {
  const nothing = z.strictObject({})
  const newAccount = z.strictObject({ accountId: z.string().optional(), name: z.string().optional() })

  return {
    '/accounts/create': route(newAccount, (caller, { accountId: id, name }) =>
      administration.createAccount(caller, {
        ...(id !== undefined && { accountId: id }),
        ...(name !== undefined && { name }),
      }),
    ),
    '/accounts/list': route(nothing, async (caller) => ({ accounts: await administration.listAccounts(caller) })),
    '/users/create': route(userWithRole, (caller, input) => administration.createUser(caller, input)),
    '/users/update': route(userWithRole, (caller, input) => administration.updateUser(caller, input)),
    '/users/delete': route(user, (caller, input) => administration.deleteUser(caller, input)),
    '/users/list': route(account, async (caller, input) => ({
      users: await administration.listUsers(caller, input.account),
    })),
    '/keys/create': route(user.extend({ kind: z.enum(['signature', 'bearer']) }), (caller, input) =>
      administration.createAccessKey(caller, input),
    ),
    '/keys/update': route(accessKey.extend({ status: z.enum(['Active', 'Inactive']) }), (caller, input) =>
      administration.updateAccessKey(caller, input),
    ),
    '/keys/delete': route(accessKey, (caller, input) => administration.deleteAccessKey(caller, input)),
    '/keys/rotate': route(accessKey, (caller, input) => administration.rotateAccessKey(caller, input)),
    '/keys/list': route(user, async (caller, input) => ({
      accessKeys: await administration.listAccessKeys(caller, input),
    })),
  }
}
