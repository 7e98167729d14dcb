import { invalidResponse, type KmsClient } from './kms-client.ts'
import { KeyServiceError, type KeyService } from './key-service.ts'

const dataKeyBytes = 32
/** KMS's own bound. */
const blobBytesMax = 6_144

/**
 * Keys of a KMS that is reached by network: AWS, or what speaks its protocol. Who may do what is a matter of the credentials
 * and of the keys' policies there: the service asks with its own identity, for whomever. Aliases and ids without an account
 * are those of the credentials' account.
 */
export function createRemoteKeyService(client: KmsClient): KeyService {
  return {
    async describe(key, { region }) {
      const { KeyMetadata: metadata } = await client.call(region, 'DescribeKey', { KeyId: key })
      if (typeof metadata !== 'object' || metadata === null) throw invalidResponse('no key')
      const members = metadata as Readonly<Record<string, unknown>>
      const arn = text(members, 'Arn')
      return {
        arn,
        account: arn.split(':')[4] ?? '',
        region: regionOf(arn),
        isEnabled: members['Enabled'] === true,
        isSymmetric: isSymmetric(members),
      }
    },
    /** A dry run; a service that does not know what that is makes a key, which is thrown away. */
    async mayGenerate(keyArn, context) {
      try {
        await client.call(regionOf(keyArn), 'GenerateDataKey', { ...newKey(keyArn, context), DryRun: true })
        return true
      } catch (error) {
        if (!(error instanceof KeyServiceError)) throw error
        if (error.code === 'DryRunOperationException') return true
        if (error.code === 'AccessDeniedException') return false
        throw error
      }
    },
    async generateDataKey(keyArn, context) {
      const answer = await client.call(regionOf(keyArn), 'GenerateDataKey', newKey(keyArn, context))
      const plaintext = blob(answer, 'Plaintext')
      if (plaintext.length !== dataKeyBytes) throw invalidResponse(`a key of ${plaintext.length} bytes`)
      const arn = text(answer, 'KeyId')
      return { keyArn: arn, plaintext, ciphertext: named(arn, blob(answer, 'CiphertextBlob')) }
    },
    async decrypt(ciphertext, context) {
      const { keyArn, sealed } = readNamed(ciphertext)
      const input = { KeyId: keyArn, CiphertextBlob: base64(sealed), EncryptionContext: context }
      try {
        const answer = await client.call(regionOf(keyArn), 'Decrypt', input)
        return { plaintext: blob(answer, 'Plaintext'), keyArn: text(answer, 'KeyId') }
      } catch (error) {
        // The name in front was changed, or the rest: it is the ciphertext that does not hold.
        if (error instanceof KeyServiceError && error.code === 'IncorrectKeyException') throw invalidCiphertext(error)
        throw error
      }
    },
  }
}

const newKey = (keyArn: string, context: object) => ({ KeyId: keyArn, KeySpec: 'AES_256', EncryptionContext: context })

function isSymmetric(metadata: Readonly<Record<string, unknown>>): boolean {
  const spec = metadata['KeySpec'] ?? metadata['CustomerMasterKeySpec'] ?? 'SYMMETRIC_DEFAULT'
  return spec === 'SYMMETRIC_DEFAULT' && (metadata['KeyUsage'] ?? 'ENCRYPT_DECRYPT') === 'ENCRYPT_DECRYPT'
}

function text(members: Readonly<Record<string, unknown>>, name: string): string {
  const value = members[name]
  if (typeof value !== 'string' || value === '' || value.length > arnCharsMax) throw invalidResponse(`no ${name}`)
  return value
}

function blob(members: Readonly<Record<string, unknown>>, name: string): Buffer {
  const value = members[name]
  if (typeof value !== 'string') throw invalidResponse(`no ${name}`)
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length === 0 || bytes.length > blobBytesMax) throw invalidResponse(`a ${name} of ${bytes.length} bytes`)
  return bytes
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

function regionOf(arn: string): string {
  const region = /^arn:[a-z-]+:kms:([a-z0-9-]{1,32}):/.exec(arn)?.[1]
  if (region === undefined) throw new KeyServiceError('InvalidArnException', `Invalid arn ${arn}`)
  return region
}

/** Of KMS's own ciphertexts nobody knows which Region's key they name, so ours have the ARN in front: version, length, ARN. */
const envelopeVersion = 1
const arnAt = 3
const arnCharsMax = 2_048

function named(arn: string, sealed: Buffer): Buffer {
  const name = Buffer.from(arn)
  const head = Buffer.alloc(arnAt)
  head[0] = envelopeVersion
  head.writeUInt16BE(name.length, 1)
  return Buffer.concat([head, name, sealed])
}

function readNamed(ciphertext: Uint8Array): { readonly keyArn: string; readonly sealed: Uint8Array } {
  const bytes = Buffer.from(ciphertext)
  const sealedAt = bytes.length > arnAt ? arnAt + bytes.readUInt16BE(1) : Infinity
  if (bytes[0] !== envelopeVersion || sealedAt >= bytes.length) throw invalidCiphertext()
  const keyArn = bytes.toString('utf8', arnAt, sealedAt)
  if (!/^arn:[a-z-]+:kms:[a-z0-9-]{1,32}:\d{12}:key\/[a-zA-Z0-9-]{1,64}$/.test(keyArn)) throw invalidCiphertext()
  return { keyArn, sealed: bytes.subarray(sealedAt) }
}

const invalidCiphertext = (cause?: unknown): KeyServiceError =>
  new KeyServiceError('InvalidCiphertextException', 'The ciphertext or its encryption context is not valid.', { cause })
