import { apiRoute, type ApiRouteOptions } from '../api/index.ts'
import { ApiError } from '../api-error/index.ts'
import type { Route } from '../http/index.ts'
import { CipherError } from '../keyring/index.ts'
import { LeavesLostError } from '../stream-trees/index.ts'
import { askCheckpoint, askConsistency, askKey, askProof, type Ask, type QueryParts } from './checkpoint-queries.ts'

export interface CheckpointRoutesOptions extends ApiRouteOptions, QueryParts {}

/**
 * `GET /api/v1/checkpoint`, `/api/v1/checkpoint/key`, `/api/v1/consistency` and `/api/v1/proof`: what is vouched for of the log of
 * the caller's account and a Region, as text in the formats of C2SP. For administrators and auditors; each call is an event.
 */
export const checkpointRoutes = (options: CheckpointRoutesOptions): Route[] => [
  route('/api/v1/checkpoint', 'GetCheckpoint', askCheckpoint, options),
  route('/api/v1/checkpoint/key', 'GetCheckpointKey', askKey, options),
  route('/api/v1/consistency', 'GetConsistencyProof', askConsistency, options),
  route('/api/v1/proof', 'GetInclusionProof', askProof, options),
]

const route = (path: string, eventName: string, ask: Ask, options: CheckpointRoutesOptions): Route =>
  apiRoute(
    {
      method: 'GET',
      path,
      eventName,
      readOnly: true,
      roles: ['administrator', 'auditor'],
      recorded: ['region', 'size', 'from', 'to', 'eventId', 'record'],
      failureOf,
      ask: async (query) => ({ text: await ask(query, options) }),
    },
    options,
  )

function failureOf(error: unknown): ApiError | undefined {
  if (error instanceof CipherError)
    return new ApiError('EventErasedException', 'The record is erased: its key was destroyed.', { status: 410 })
  if (error instanceof LeavesLostError)
    return new ApiError('ProofUnavailableException', `This cannot be proved any more: ${error.message}.`, {
      status: 410,
    })
  return undefined
}
