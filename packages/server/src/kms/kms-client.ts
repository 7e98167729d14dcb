import {
  createSignedClient,
  SignedCallError,
  type SignedAnswer,
  type SignedClientOptions,
} from '../signed-calls/index.ts'
import { KeyServiceError } from './key-service.ts'

export type KmsClientOptions = Omit<SignedClientOptions, 'service'>

export interface KmsClient {
  /** @throws {KeyServiceError} the service's code, or NetworkingError, RequestTimeout, InvalidResponse */
  call(region: string, operation: string, input: object): Promise<Readonly<Record<string, unknown>>>
  close(): void
}

const charsMax = 1_024

/** Four calls of AWS JSON 1.1, each tried once. No redirect is followed. */
export function createKmsClient(options: KmsClientOptions): KmsClient {
  const client = createSignedClient({ ...options, service: 'kms' })
  return {
    async call(region, operation, input) {
      const headers = {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `TrentService.${operation}`,
      }
      const answer = await client.post(region, headers, Buffer.from(JSON.stringify(input))).catch(translated)
      const { status, members } = readMembers(answer)
      if (status === 200) return members
      throw refusal({ status, members })
    },
    close: client.close,
  }
}

const translated = (error: unknown): never => {
  if (!(error instanceof SignedCallError)) throw error
  throw new KeyServiceError(error.code, `The key service ${error.message}.`, { cause: error })
}

interface KmsAnswer {
  readonly status: number
  readonly members: Readonly<Record<string, unknown>>
}

/** Untrusted: nothing but a JSON object. */
function readMembers({ status, text }: SignedAnswer): KmsAnswer {
  const members = parse(text)
  if (members) return { status, members }
  // What stands between, a proxy for example, answers in other words.
  throw status === 200 ? invalidResponse('no JSON object') : invalidResponse(`status ${status}`)
}

/** An operation without an output has no body, or null for one. */
function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text === '' || text === 'null') return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}

export const invalidResponse = (what: string): KeyServiceError =>
  new KeyServiceError('InvalidResponse', `The key service answered with ${what}.`)

/** `__type` may have a namespace in front: `com.amazonaws.kms#NotFoundException`. */
function refusal({ status, members }: KmsAnswer): KeyServiceError {
  const type = members['__type']
  const code = typeof type === 'string' ? type.slice(type.lastIndexOf('#') + 1) : ''
  if (!/^[A-Za-z][A-Za-z0-9]{0,127}$/.test(code)) return invalidResponse(`status ${status}`)
  const message = members['message'] ?? members['Message']
  return new KeyServiceError(code, typeof message === 'string' ? message.slice(0, charsMax) : code)
}
