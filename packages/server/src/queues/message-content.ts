import { hash } from 'node:crypto'
import type { ApiError } from '../operations/index.ts'
import { invalidValue, printable, QueueError } from './queue-error.ts'
import { messageAttributesMax } from './queue-limits.ts'
import type { MessageAttribute } from './queue-sink.ts'

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>

/** Bytes that count against the queue's limit: the body, and names, types and values of its attributes. */
export const messageBytes = (body: string, attributes: MessageAttributes): number =>
  Object.entries(attributes).reduce(
    (sum, [name, { dataType, ...value }]) => sum + Buffer.byteLength(name + dataType) + valueBytes(value).length,
    Buffer.byteLength(body),
  )

const valueBytes = ({ stringValue, binaryValue }: Omit<MessageAttribute, 'dataType'>): Uint8Array =>
  binaryValue ?? Buffer.from(stringValue ?? '')

/** What XML 1.0 can carry, which is what SQS takes. */
// oxlint-disable-next-line no-control-regex -- exactly these are meant
const unfit = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/

/** @throws {QueueError} InvalidMessageContents */
export function checkText(text: string): void {
  if (unfit.test(text) || !text.isWellFormed())
    throw new QueueError('InvalidMessageContents', 'The message contains characters outside the allowed set.')
}

const nameForm = /^[\w-]+(?:\.[\w-]+)*$/
const nameCharsMax = 256
const typeForm = /^(?:String|Number|Binary)(?:\.[^\s]{1,249})?$/
/** Up to 38 digits, between 10^-128 and 10^126. */
const numberForm = /^[+-]?(?:\d{1,126}(?:\.\d{0,128})?|\.\d{1,128})(?:[eE][+-]?\d{1,3})?$/

const invalidAttribute = (name: string, reason: string): ApiError =>
  invalidValue(`The message attribute '${printable(name)}' ${reason}`)

/** @throws {ApiError} InvalidParameterValue, InvalidMessageContents */
export function checkAttributes(attributes: MessageAttributes): void {
  const all = Object.entries(attributes)
  if (all.length > messageAttributesMax)
    throw invalidValue(
      `Number of message attributes [${all.length}] exceeds the allowed maximum [${messageAttributesMax}].`,
    )
  for (const [name, attribute] of all) {
    if (name.length > nameCharsMax || !nameForm.test(name) || /^(?:aws|amazon)\./i.test(name))
      throw invalidAttribute(name, 'has an invalid name.')
    checkAttribute(name, attribute)
  }
}

function checkAttribute(name: string, { dataType, stringValue, binaryValue }: MessageAttribute): void {
  if (!typeForm.test(dataType)) throw invalidAttribute(name, `has an invalid message attribute type.`)
  const isBinary = dataType.startsWith('Binary')
  const value = isBinary ? binaryValue : stringValue
  if (value === undefined || value.length === 0 || (isBinary ? stringValue : binaryValue) !== undefined)
    throw invalidAttribute(name, `must contain a non-empty value of the type ${printable(dataType)}.`)
  if (typeof value === 'string') checkText(value)
  if (dataType.startsWith('Number') && !numberForm.test(String(value)))
    throw invalidAttribute(name, 'must be a number.')
}

export const md5OfText = (text: string): string => hash('md5', text, 'hex')

/**
 * Undefined where there are none. By name: length and bytes of name and type, one byte for the kind of value, length and
 * bytes of the value. Source: Amazon SQS Developer Guide, "Calculating the MD5 message digest for message attributes".
 */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort((a, b) => Number(a > b) - Number(a < b))
  if (names.length === 0) return undefined
  const pieces = names.flatMap((name) => {
    const { dataType, ...value } = attributes[name]!
    const kind = value.binaryValue === undefined ? 1 : 2
    return [
      ...withLength(Buffer.from(name)),
      ...withLength(Buffer.from(dataType)),
      Buffer.of(kind),
      ...withLength(valueBytes(value)),
    ]
  })
  return hash('md5', Buffer.concat(pieces), 'hex')
}

function withLength(bytes: Uint8Array): Uint8Array[] {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return [length, bytes]
}
