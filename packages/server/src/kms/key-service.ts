/** On whose behalf a key is used; a key's policy judges by it. */
export type KeyUser =
  /** OpenTrail's own account administrator: reading back what was delivered. */
  | { readonly kind: 'account'; readonly account: string; readonly arn: string }
  /** The service principal, for a trail. */
  | { readonly kind: 'delivery'; readonly account: string; readonly trailArn: string }

export interface KeyDescription {
  /** Of the key itself, also where an alias was asked for. */
  readonly arn: string
  readonly account: string
  readonly region: string
  readonly isEnabled: boolean
  /** Symmetric, for encryption: the only kind that data keys come from. */
  readonly isSymmetric: boolean
}

/** Names and values that have to be the same when what was encrypted is decrypted. */
export type EncryptionContext = Readonly<Record<string, string>>

export interface DataKey {
  readonly keyArn: string
  /** 32 bytes. Who gets it wipes it after use. */
  readonly plaintext: Uint8Array
  /** Opaque; names its key. */
  readonly ciphertext: Uint8Array
}

/** Keys that encrypt other keys: built in, or a real KMS. Every adapter passes `keyServiceContract`. */
export interface KeyService {
  /**
   * `key`: id, key ARN, alias or alias ARN, resolved in `region` and `account`.
   * @throws {KeyServiceError} NotFoundException, InvalidArnException, AccessDeniedException, ...
   */
  describe(key: string, place: { readonly account: string; readonly region: string }): Promise<KeyDescription>
  /** Whether its policy lets the user make data keys under this context. @throws {KeyServiceError} */
  mayGenerate(keyArn: string, context: EncryptionContext, user: KeyUser): Promise<boolean>
  /** A new AES-256 data key. @throws {KeyServiceError} DisabledException, KMSInvalidStateException, AccessDeniedException, ... */
  generateDataKey(keyArn: string, context: EncryptionContext, user: KeyUser): Promise<DataKey>
  /** @throws {KeyServiceError} InvalidCiphertextException, DisabledException, AccessDeniedException, ... */
  decrypt(
    ciphertext: Uint8Array,
    context: EncryptionContext,
    user: KeyUser,
  ): Promise<{ readonly plaintext: Uint8Array; readonly keyArn: string }>
}

/** A failure with KMS's code, or one of ours: `NetworkingError`, `RequestTimeout`, `InvalidResponse`. */
export class KeyServiceError extends Error {
  override readonly name = 'KeyServiceError'
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
