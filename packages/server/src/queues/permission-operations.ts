import { inputMember } from '../operations/index.ts'
import { isAccountId } from '@opentrail/core/event'
import { partitionOf } from '@opentrail/core/trail'
import { invalidParameter, missingParameter, QueueError } from './queue-error.ts'
import { changeQueue } from './queue-operations.ts'
import { changeAttributes } from './queue-settings.ts'
import { requiredString } from './sqs-input.ts'
import type { SqsOperation } from './sqs-operation.ts'

const facts = {
  readOnly: false,
  category: 'Management',
  onlyReads: false,
  acrossAccounts: false,
  about: 'queue',
} as const

/** What can be given to others. Source: Amazon SQS API Reference, "AddPermission". */
const grantable = new Set([
  '*',
  'ChangeMessageVisibility',
  'DeleteMessage',
  'GetQueueAttributes',
  'GetQueueUrl',
  'ListDeadLetterSourceQueues',
  'PurgeQueue',
  'ReceiveMessage',
  'SendMessage',
])
const actionsMax = 7
const labelForm = /^[\w-]{1,80}$/

type Statement = Readonly<Record<string, unknown>>

/** The policy's members; a queue without one gets what AddPermission of AWS begins with. */
function readPolicy(
  text: string | undefined,
  arn: string,
): { readonly rest: object; readonly statements: Statement[] } {
  const policy = JSON.parse(text ?? JSON.stringify({ Version: '2012-10-17', Id: `${arn}/SQSDefaultPolicy` })) as {
    readonly Statement?: Statement | Statement[]
  }
  const { Statement: statements = [], ...rest } = policy
  return { rest, statements: Array.isArray(statements) ? statements : [statements] }
}

export const AddPermission: SqsOperation = {
  name: 'AddPermission',
  action: 'sqs:AddPermission',
  ...facts,
  handle(call, queue) {
    const label = requiredString(call.input, 'Label')
    if (!labelForm.test(label))
      throw invalidParameter('Label', label, 'It can have letters, digits, hyphens and underscores, 80 at most.')
    const accounts = requiredStrings(call.input, 'AWSAccountIds')
    const actions = requiredStrings(call.input, 'Actions')
    for (const account of accounts)
      if (!isAccountId(account)) throw invalidParameter('AWSAccountIds', account, 'It is not an account id.')
    for (const action of actions)
      if (!grantable.has(action)) throw invalidParameter('Actions', action, 'It cannot be given to other accounts.')
    if (actions.length > actionsMax)
      throw new QueueError('OverLimit', `${actions.length} Actions were found, maximum allowed is ${actionsMax}.`)
    const principals = accounts.map((account) => `arn:${partitionOf(queue.region)}:iam::${account}:root`)
    return changeQueue(call, queue, ({ document }) => {
      const { rest, statements } = readPolicy(document.attributes['Policy'], queue.arn)
      if (statements.some(({ Sid }) => Sid === label)) throw invalidParameter('Label', label, 'Already exists.')
      const added = {
        Sid: label,
        Effect: 'Allow',
        Principal: { AWS: principals },
        Action: actions.map((action) => `SQS:${action}`),
        Resource: queue.arn,
      }
      const Policy = JSON.stringify({ ...rest, Statement: [...statements, added] })
      return { attributes: changeAttributes(document.attributes, { Policy }, false) }
    })
  },
}

function requiredStrings(input: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const values = inputMember.strings(input, name) ?? []
  if (values.length === 0) throw missingParameter(name)
  return values
}

export const RemovePermission: SqsOperation = {
  name: 'RemovePermission',
  action: 'sqs:RemovePermission',
  ...facts,
  handle(call, queue) {
    const label = requiredString(call.input, 'Label')
    return changeQueue(call, queue, ({ document }) => {
      const { rest, statements } = readPolicy(document.attributes['Policy'], queue.arn)
      const left = statements.filter(({ Sid }) => Sid !== label)
      if (left.length === statements.length) throw invalidParameter('Label', label, "can't find label.")
      const Policy = left.length === 0 ? '' : JSON.stringify({ ...rest, Statement: left })
      return { attributes: changeAttributes(document.attributes, { Policy }, false) }
    })
  },
}
