import type { Principal } from '../accounts/index.ts'
import type { ApiError } from '../api-error/index.ts'
import { queryAnswer, queryErrorAnswer, queryErrorCode, xmlElement, type Answer, type Exchange } from '../http/index.ts'

/** How one caller wants its answers. */
export interface StsForm {
  identity(principal: Principal, requestId: string): Answer
  error(error: ApiError, requestId: string): Answer
}

/**
 * XML, or JSON for who asks for nothing else. SDKs read XML; verifiers of tokens that are a presigned GetCallerIdentity, such as
 * aws-iam-authenticator, ask for JSON, which STS has as well.
 */
export const formOf = (exchange: Exchange): StsForm =>
  exchange.header('accept')?.trim().toLowerCase() === 'application/json' ? json : xml

const protocol = { namespace: 'https://sts.amazonaws.com/doc/2011-06-15/' }

const xml: StsForm = {
  identity({ arn, userId, account }, requestId) {
    const result = [xmlElement('Arn', arn), xmlElement('UserId', userId), xmlElement('Account', account)]
    return queryAnswer(protocol, 'GetCallerIdentity', requestId, result)
  },
  error: (error, requestId) => queryErrorAnswer(protocol, { ...about(error), status: error.status }, requestId),
}

const json: StsForm = {
  identity({ arn, userId, account }, RequestId) {
    const GetCallerIdentityResult = { Account: account, Arn: arn, UserId: userId }
    const response = { GetCallerIdentityResult, ResponseMetadata: { RequestId } }
    return jsonAnswer(200, { GetCallerIdentityResponse: response })
  },
  error(error, RequestId) {
    const { code: Code, message: Message } = about(error)
    const Type = error.status < 500 ? 'Sender' : 'Receiver'
    return jsonAnswer(error.status, { Error: { Code, Message, Type }, RequestId })
  },
}

const about = (error: ApiError) => ({ code: queryErrorCode(error), message: error.message })

const jsonAnswer = (status: number, content: unknown): Answer => ({
  status,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(content),
})
