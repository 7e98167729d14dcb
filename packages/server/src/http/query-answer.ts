import type { ApiError } from '../api-error/index.ts'
import type { Answer } from './exchange.ts'

/** A piece of markup, already escaped; only `xmlElement` makes one. */
export interface XmlElement {
  readonly markup: string
}

/** A text is escaped; absent pieces of a list are left out. */
export function xmlElement(
  name: string,
  content: string | number | boolean | readonly (XmlElement | undefined)[],
): XmlElement {
  const inner = typeof content === 'object' ? joined(content) : escapeXml(String(content))
  return { markup: `<${name}>${inner}</${name}>` }
}

const joined = (pieces: readonly (XmlElement | undefined)[]): string =>
  pieces.map((piece) => piece?.markup ?? '').join('')

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
}

/** What XML 1.0 has no place for, not even as a reference, becomes U+FFFD: a reader would refuse the whole answer. */
const escapeXml = (text: string): string =>
  text
    .toWellFormed()
    // oxlint-disable-next-line no-control-regex -- exactly these are meant
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"\r]/g, (character) => escapes[character] ?? character)

export interface QueryProtocol {
  /** `http://sns.amazonaws.com/doc/2010-03-31/` */
  readonly namespace: string
}

/** Without `result`: of actions that answer nothing but that they were done. */
export function queryAnswer(
  { namespace }: QueryProtocol,
  action: string,
  requestId: string,
  result?: readonly (XmlElement | undefined)[],
): Answer {
  const body = [
    result && xmlElement(`${action}Result`, result),
    xmlElement('ResponseMetadata', [xmlElement('RequestId', requestId)]),
  ]
  return xmlAnswer(200, `${action}Response`, namespace, body)
}

/** What the signature check says, in the words of the Query protocol where they are not the exceptions' names. */
const queryCodes: Readonly<Record<string, string>> = {
  UnrecognizedClientException: 'InvalidClientTokenId',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  IncompleteSignatureException: 'IncompleteSignature',
}

export const queryErrorCode = ({ code }: ApiError): string => queryCodes[code] ?? code

/** `code` as the Query protocol has it, which may not be the exception's name. */
export function queryErrorAnswer(
  { namespace }: QueryProtocol,
  error: { readonly code: string; readonly message: string; readonly status: number },
  requestId: string,
): Answer {
  const fault = xmlElement('Error', [
    xmlElement('Type', error.status < 500 ? 'Sender' : 'Receiver'),
    xmlElement('Code', error.code),
    xmlElement('Message', error.message),
    xmlElement('Detail', []),
  ])
  return xmlAnswer(error.status, 'ErrorResponse', namespace, [fault, xmlElement('RequestId', requestId)])
}

const xmlAnswer = (
  status: number,
  root: string,
  namespace: string,
  content: readonly (XmlElement | undefined)[],
): Answer => ({
  status,
  headers: { 'Content-Type': 'text/xml' },
  body: `<?xml version="1.0"?><${root} xmlns="${namespace}">${joined(content)}</${root}>`,
})
