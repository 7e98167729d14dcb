import type { Region } from '@opentrail/core/event'
import type { PolicyRequest } from '@opentrail/core/policy'
import type { Principal } from '../../accounts/index.ts'
import type { Commit } from '../../trails/index.ts'
import { keyArn, type KeyDocument } from '../key-documents.ts'
import type { KeyAsker } from '../key-policy.ts'
import {
  findKey,
  readKeyReference,
  referenceArn,
  referenceNotFound,
  type KeyPlace,
  type KeyReference,
} from '../key-reference.ts'
import { KeyServiceError } from '../key-service.ts'
import type { BuiltInKeys } from '../key-use.ts'
import { roleAllows } from './operation-table.ts'
import type { KmsInput } from './input.ts'

/** One authenticated call on its way through a handler. */
export interface KmsCall {
  readonly input: KmsInput
  readonly principal: Principal
  readonly region: Region
  /** Condition keys that the request itself tells: address, time, agent. */
  readonly conditions: PolicyRequest['context']
  readonly keys: BuiltInKeys
  /** The call's record names the key among its resources; one of the caller's account also where the call is refused. */
  touch(key: KeyDocument): void
  /** The call is allowed to use a key of this account, which therefore gets a record of its own. */
  crossed(key: KeyDocument): void
  /** Changes something together with the record of the call. */
  readonly commit: Commit
}

/** Gives the answer's members; nothing is an answer without a body. */
export type KmsHandler = (call: KmsCall) => Promise<Readonly<Record<string, unknown>> | void>

export const placeOf = ({ principal, region }: KmsCall): KeyPlace => ({ account: principal.account, region })

export interface KeyRequest {
  readonly action: string
  readonly reference: string
  /** Operations on the key itself take its id or ARN only. */
  readonly takesAlias?: boolean
  /** Operations that may be called from another account. */
  readonly isCrossAccount?: boolean
  readonly conditions?: PolicyRequest['context']
}

/**
 * The key that the request names, if the caller may do this with it. What the caller may not know of another account's keys
 * it does not learn: a key that is not there is refused like one that is closed to it.
 * @throws {KeyServiceError} NotFoundException, InvalidArnException, AccessDeniedException
 */
export function authoriseKey(call: KmsCall, request: KeyRequest): KeyDocument {
  const { keys, principal } = call
  const reference = readKeyReference(request.reference, placeOf(call))
  if (reference.kind === 'alias' && request.takesAlias !== true) throw noAlias(request.reference)
  const isForeign = reference.account !== principal.account
  const key = findKey(keys.store, reference)
  if (isForeign && (!key || request.isCrossAccount !== true)) throw deniedAbroad(call, request.action, reference)
  if (!key) throw referenceNotFound(reference)
  const conditions = {
    ...request.conditions,
    ...(reference.kind === 'alias' && { 'kms:RequestAlias': reference.name }),
  }
  authorise(call, key, request.action, conditions, () => deniedAbroad(call, request.action, reference))
  return key
}

/**
 * `refusal`: what a caller of another account is told, who does not learn what there is, not by its own trail either.
 * @throws {KeyServiceError} AccessDeniedException
 */
export function authorise(
  call: KmsCall,
  key: KeyDocument,
  action: string,
  conditions: PolicyRequest['context'] = {},
  refusal: () => KeyServiceError = () => accessDenied(call, action, keyArn(key), 'resource'),
): void {
  const { principal, keys } = call
  const isForeign = key.account !== principal.account
  if (!isForeign) call.touch(key)
  const decision = keys.policies.decide(key, action, askerOf(call), {
    'kms:ResourceAliases': keys.store.aliasesOfKey(key.id).map(({ name }) => name),
    ...conditions,
  })
  if (decision !== 'allowed') throw isForeign ? refusal() : accessDenied(call, action, keyArn(key), decision)
  if (isForeign) {
    call.touch(key)
    call.crossed(key)
  }
}

/** Of what is no key's own: lists, new keys, aliases. @throws {KeyServiceError} AccessDeniedException */
export function authoriseRole(call: KmsCall, action: string, resource = '*'): void {
  if (!roleAllows(call.principal.role, action)) throw accessDenied(call, action, resource, 'identity')
}

export const askerOf = ({ principal, conditions }: KmsCall): KeyAsker => ({
  principal: { kind: 'aws', account: principal.account, arn: principal.arn },
  identityAllows: (action) => roleAllows(principal.role, action),
  conditions,
})

function accessDenied(
  { principal }: KmsCall,
  action: string,
  resource: string,
  reason: 'identity' | 'resource' | 'deny',
): KeyServiceError {
  const because =
    reason === 'deny'
      ? 'with an explicit deny in a resource-based policy'
      : `because no ${reason}-based policy allows the ${action} action`
  return new KeyServiceError(
    'AccessDeniedException',
    `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${resource} ${because}`,
  )
}

const deniedAbroad = ({ principal }: KmsCall, action: string, reference: KeyReference): KeyServiceError =>
  new KeyServiceError(
    'AccessDeniedException',
    `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${referenceArn(reference)} because the ` +
      'resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy ' +
      'explicitly denies access',
  )

const noAlias = (text: string): KeyServiceError =>
  text.startsWith('arn:')
    ? new KeyServiceError('InvalidArnException', `Invalid arn ${text}`)
    : new KeyServiceError('NotFoundException', `Invalid keyId '${text}'`)
