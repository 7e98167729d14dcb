import type { KeyObject } from 'node:crypto'
import { sign } from 'node:crypto'

export interface CertificateSubject {
  /** Of both halves: the certificate is signed by itself. */
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  readonly commonName: string
  /** 16 bytes, unpredictable. */
  readonly serial: Uint8Array
  /** Ms since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
}

/**
 * A self-signed X.509 certificate (version 1 fields, RSA with SHA-256) as PEM. Readers of SNS messages take the public key out
 * of it and look at nothing else, so it says no more than X.509 demands. Source: RFC 5280, section 4.1.
 */
export function selfSignedCertificate(subject: CertificateSubject): string {
  const { publicKey, privateKey, serial, notBefore, notAfter } = subject
  const name = commonName(subject.commonName)
  const body = sequence(
    // Positive, whatever the first bit is.
    der(0x02, Buffer.from([0x01]), serial),
    rsaWithSha256,
    name,
    sequence(time(notBefore), time(notAfter)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey))
  const lines = sequence(body, rsaWithSha256, signature)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

/** One element of DER: tag, length, content. Contents are below 64 KiB. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(content)
  const { length } = value
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), value])
}

const sequence = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content)
const identifier = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'))
const commonName = (name: string): Buffer =>
  sequence(der(0x31, sequence(identifier('550403'), der(0x0c, Buffer.from(name)))))
/** 1.2.840.113549.1.1.11 */
const rsaWithSha256 = sequence(identifier('2a864886f70d01010b'), der(0x05))

/** UTCTime until 2049, GeneralizedTime from then on. */
function time(at: number): Buffer {
  const text = `${new Date(at).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`
  return text < '2050' ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text))
}
