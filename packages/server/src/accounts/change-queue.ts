import type { AccountId, Region } from '@opentrail/core/event'
import { ControlConflictError, type ControlWrite } from '../control/index.ts'
import { ApiError } from '../operations/index.ts'
import type { CallIdentity, SelfTrail } from '../selftrail/index.ts'
import type { AccountDirectory } from './account-directory.ts'
import { apiCall, type Act, type AdministrationCaller } from './iam-events.ts'

/** What a decision leads to: documents to write, the event's response elements, and the caller's answer. */
export interface Decision<T> {
  readonly writes?: readonly Omit<ControlWrite, 'ifVersion'>[]
  readonly responseElements?: unknown
  readonly result: T
}

/** Administration is done by people and scripts; a longer queue means that the store is stuck. */
const waitingMax = 1_000

export interface ChangeQueue {
  /**
   * Decides and carries out one act after the other, so that a decision sees everything before it. The event, of a
   * refused act as well, is durable before this settles, and a change is written together with its event.
   * @throws {ApiError}
   */
  perform<T>(act: Act, caller: AdministrationCaller, account: AccountId, decide: () => Decision<T>): Promise<T>
}

export function createChangeQueue(options: {
  readonly directory: AccountDirectory
  readonly trail: SelfTrail
  readonly region: Region
}): ChangeQueue {
  const { directory, trail, region } = options
  /** Documents whose state in memory may not be the stored one. */
  const stale = new Set<string>()
  let tail: Promise<unknown> = Promise.resolve()
  let waiting = 0

  async function refreshStale(): Promise<void> {
    const keys = [...stale]
    await directory.refresh(keys)
    for (const key of keys) stale.delete(key)
  }

  async function commit<T>(decision: Decision<T>, call: ReturnType<typeof apiCall>): Promise<T> {
    const writes = (decision.writes ?? []).map((write) => ({ ...write, ifVersion: directory.version(write.key) }))
    if (writes.length === 0) {
      await trail.record(call)
      return decision.result
    }
    for (const { key } of writes) stale.add(key)
    try {
      await trail.commit(writes, call)
      directory.apply(writes)
    } finally {
      // Also after a failure, whose outcome may be unknown. If even this fails, the next act begins with it.
      await refreshStale().catch(() => {})
    }
    return decision.result
  }

  async function run<T>(act: Act, caller: AdministrationCaller, account: AccountId, decide: () => Decision<T>) {
    const identity = identityOf(caller, account, directory)
    try {
      if (stale.size > 0) await refreshStale()
      authorise(caller, account, directory)
      const decision = decide()
      const { responseElements } = decision
      // An act on an account that is being made is recorded in that account.
      const recorded = identity ?? ({ kind: 'machine-owner', account } as const)
      return await commit(decision, apiCall(act, caller, recorded, region, { responseElements }))
    } catch (error) {
      const refusal = error instanceof ControlConflictError ? changedMeanwhile(error) : error
      if (refusal instanceof ApiError && identity)
        await trail.record(apiCall(act, caller, identity, region, { error: refusal }))
      throw refusal
    }
  }

  return {
    perform(act, caller, account, decide) {
      if (waiting >= waitingMax)
        return Promise.reject(
          new ApiError('ServiceUnavailable', `${waiting} changes are waiting already`, { status: 503 }),
        )
      waiting++
      const result = tail.then(() => run(act, caller, account, decide)).finally(() => waiting--)
      tail = result.catch(() => {})
      return result
    },
  }
}

/** Acts on an account are recorded there, those on an unknown one in the first; without any there is no place. */
function identityOf(
  { principal }: AdministrationCaller,
  account: AccountId,
  directory: AccountDirectory,
): CallIdentity | undefined {
  if (principal) return { kind: 'user', principal }
  const recipient = directory.account(account) ?? directory.accounts()[0]
  return recipient && { kind: 'machine-owner', account: recipient.id }
}

/**
 * The machine's owner may do everything, an administrator everything in its own account, others nothing. The role is
 * the one of now, not of when the request was authenticated.
 */
function authorise({ principal }: AdministrationCaller, account: AccountId, directory: AccountDirectory): void {
  if (!principal) return
  const role = directory.user(principal.account, principal.userName)?.role
  if (role === 'administrator' && principal.account === account) return
  throw new ApiError('AccessDenied', `User: ${principal.arn} is not authorized to administer account ${account}`, {
    status: 403,
  })
}

const changedMeanwhile = (cause: ControlConflictError): ApiError =>
  new ApiError('ConcurrentModification', 'Another change was made at the same time. Please try again.', {
    cause,
    status: 409,
  })
