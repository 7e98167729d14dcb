import { evaluatePolicies } from '@opentrail/core/policy'
import type { Principal } from '../accounts/index.ts'
import { ApiError } from '../operations/index.ts'
import type { Exchange } from '../http/index.ts'
import type { SqsOperation } from './sqs-operation.ts'
import type { Queue } from './queue.ts'

/**
 * Who may call: administrators of the owning account what its policy does not deny, auditors so what only reads, everybody
 * what the policy allows - across accounts only where SQS has that. A policy cannot keep the owner's administrators from
 * changing it.
 * @throws {ApiError} AccessDenied
 */
export function authorise(
  operation: SqsOperation,
  { account, arn, role, userName }: Principal,
  queue: Queue | undefined,
  exchange: Pick<Exchange, 'sourceIPAddress' | 'userAgent' | 'tls'>,
): void {
  const isOwn = queue === undefined || queue.account === account
  const byRole = isOwn && (role === 'administrator' || (role === 'auditor' && operation.onlyReads))
  if (isOwn && role === 'administrator' && operation.name === 'SetQueueAttributes') return
  const { effect } = evaluatePolicies(queue?.policy ? [queue.policy] : [], {
    principal: { kind: 'aws', account, arn },
    action: operation.action,
    resource: queue?.arn ?? '*',
    context: {
      'aws:PrincipalAccount': account,
      'aws:PrincipalArn': arn,
      'aws:SecureTransport': String(exchange.tls !== undefined),
      'aws:SourceIp': exchange.sourceIPAddress,
      'aws:UserAgent': exchange.userAgent,
      'aws:username': userName,
    },
  })
  if (effect === 'deny') throw denied(operation, arn, queue, 'with an explicit deny in a resource-based policy')
  if (byRole || (effect === 'allow' && (isOwn || operation.acrossAccounts))) return
  const reason = `because no ${isOwn ? 'identity' : 'resource'}-based policy allows the ${operation.action} action`
  throw denied(operation, arn, queue, reason)
}

const denied = ({ action }: SqsOperation, arn: string, queue: Queue | undefined, reason: string) =>
  new ApiError(
    'AccessDenied',
    `User: ${arn} is not authorized to perform: ${action} on resource: ${queue?.arn ?? '*'} ${reason}`,
    { status: 403 },
  )
