import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContextOptions } from 'node:tls'

/** `mutual`: clients must show a certificate of one of the authorities in `clientCaFile`. Files are PEM. */
export type HttpTls =
  | { readonly kind: 'off' }
  | { readonly kind: 'server'; readonly certFile: string; readonly keyFile: string }
  | { readonly kind: 'mutual'; readonly certFile: string; readonly keyFile: string; readonly clientCaFile: string }

export type EnabledTls = Exclude<HttpTls, { readonly kind: 'off' }>

export interface LoadedCertificates {
  readonly context: SecureContextOptions
  /** Changes when any of the files does. */
  readonly fingerprint: string
}

/** Reads and tries the files. @throws with the reason, for example that key and certificate do not belong together. */
export async function loadCertificates(tls: EnabledTls): Promise<LoadedCertificates> {
  const [cert, key, ca] = await Promise.all([
    readFile(tls.certFile),
    readFile(tls.keyFile),
    tls.kind === 'mutual' ? readFile(tls.clientCaFile) : undefined,
  ])
  const context: SecureContextOptions = { cert, key, ...(ca && { ca }), minVersion: 'TLSv1.2' }
  try {
    createSecureContext(context)
  } catch (error) {
    throw new Error(`the certificate ${tls.certFile} cannot be used with the key ${tls.keyFile}`, { cause: error })
  }
  const hash = createHash('sha256')
  for (const part of [cert, key, ca ?? Buffer.alloc(0)]) hash.update(String(part.length)).update(part)
  return { context, fingerprint: hash.digest('hex') }
}
