import {
  parseJsonObject,
  parseQueryParameters,
  queryAnswer,
  queryErrorAnswer,
  queryMember,
  type Answer,
  type Exchange,
} from '../http/index.ts'
import { ApiError } from '../operations/index.ts'
import { jsonType, printable, queryCode } from './queue-error.ts'
import type { SqsInput, SqsOperation, SqsOutput } from './sqs-operation.ts'
import { sqsOperations } from './sqs-operations.ts'
import { queryResult, readQueryInput, sqsProtocol } from './sqs-query.ts'

/** What tells a call of SQS's JSON protocol from others, signed or not. */
export const targetPrefix = 'AmazonSQS.'

/** How calls are read and answered: the JSON protocol of today's SDKs, or the Query protocol of older ones. */
export interface SqsProtocol {
  /**
   * The operation, and a way to its input: who calls is known before that is read.
   * @throws {ApiError} there is no such operation, or nothing can be read.
   */
  readCall(exchange: Exchange, body: Buffer): { readonly operation: SqsOperation; readInput(): SqsInput }
  answer(exchange: Exchange, operation: SqsOperation, output: SqsOutput): Answer
  error(exchange: Exchange, error: ApiError): Answer
}

export const protocolOf = (exchange: Exchange): SqsProtocol => {
  const type = exchange.header('content-type')?.split(';', 1)[0]!.trim().toLowerCase() ?? ''
  return exchange.header('x-amz-target') !== undefined || type.startsWith('application/x-amz-json') ? json : query
}

const json: SqsProtocol = {
  readCall(exchange, body) {
    const target = exchange.header('x-amz-target') ?? ''
    const operation = target.startsWith(targetPrefix) ? sqsOperations.get(target.slice(targetPrefix.length)) : undefined
    if (!operation)
      throw new ApiError('UnknownOperationException', `The target ${printable(target)} is not an operation of SQS.`, {
        status: 404,
      })
    return { operation, readInput: () => parseJsonObject(body) }
  },
  answer: (_exchange, _operation, output) => ({
    status: 200,
    headers: { 'Content-Type': jsonContentType },
    body: JSON.stringify(output),
  }),
  error: (_exchange, error) => ({
    status: error.status,
    headers: {
      'Content-Type': jsonContentType,
      'x-amzn-query-error': `${queryCode(error)};${error.status < 500 ? 'Sender' : 'Receiver'}`,
    },
    body: JSON.stringify({ __type: jsonType(error), message: error.message }),
  }),
}
const jsonContentType = 'application/x-amz-json-1.0'

/** Parameters in the query, in the body, or in both; the queue's URL may be the request's own. */
const query: SqsProtocol = {
  readCall(exchange, body) {
    const parameters = parseQueryParameters(exchange.query, body)
    const action = queryMember.string(parameters, 'Action')
    if (action === undefined) throw new ApiError('MissingAction', 'The request must contain the parameter Action.')
    const operation = sqsOperations.get(action)
    if (!operation)
      throw new ApiError('InvalidAction', `The action ${printable(action)} is not valid for this endpoint.`)
    const place = exchange.path === '/' ? {} : { QueueUrl: exchange.path }
    return { operation, readInput: () => ({ ...place, ...readQueryInput(action, parameters) }) }
  },
  answer(exchange, operation, output) {
    const result = queryResult(operation.name, output)
    const isEmpty = result.length === 0 && emptyAnswers.has(operation.name)
    return queryAnswer(sqsProtocol, operation.name, exchange.requestId, isEmpty ? undefined : result)
  },
  error: (exchange, error) =>
    queryErrorAnswer(
      sqsProtocol,
      { code: queryCode(error), message: error.message, status: error.status },
      exchange.requestId,
    ),
}

/** Operations without a result. */
const emptyAnswers = new Set([
  'AddPermission',
  'ChangeMessageVisibility',
  'DeleteMessage',
  'DeleteQueue',
  'PurgeQueue',
  'RemovePermission',
  'SetQueueAttributes',
  'TagQueue',
  'UntagQueue',
])
