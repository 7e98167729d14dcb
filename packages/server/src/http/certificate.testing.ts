import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

export interface TestCertificate {
  readonly certificate: string
  readonly key: string
  readonly issuer: { readonly name: string; readonly privateKey: KeyObject }
}

/** A fresh certificate for 127.0.0.1, signed by `issuer` or by itself; made here because tests keep no private keys. */
export function makeCertificate(name: string, issuer?: TestCertificate['issuer']): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signer = issuer ?? { name, privateKey }
  const now = Date.now()
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    commonName(signer.name),
    sequence(utcTime(now - 86_400_000), utcTime(now + 86_400_000)),
    commonName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(authority, forLoopback)),
  )
  const certificate = sequence(body, ecdsaWithSha256, bitString(sign('sha256', body, signer.privateKey)))
  const lines = certificate.toString('base64').replace(/.{64}/g, '$&\n')
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    issuer: { name, privateKey },
  }
}

function der(tag: number, ...content: Uint8Array[]): Buffer {
  const value = Buffer.concat(content)
  const { length } = value
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), value])
}
const sequence = (...content: Uint8Array[]) => der(0x30, ...content)
const integer = (value: Buffer) => der(0x02, value)
const identifier = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const bitString = (value: Buffer) => der(0x03, Buffer.from([0]), value)
const utcTime = (time: number) =>
  der(0x17, Buffer.from(`${new Date(time).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`))
const commonName = (name: string) => sequence(der(0x31, sequence(identifier('550403'), der(0x0c, Buffer.from(name)))))
const ecdsaWithSha256 = sequence(identifier('2a8648ce3d040302'))
/** Basic constraints: CA true. */
const authority = sequence(identifier('551d13'), der(0x04, sequence(der(0x01, Buffer.from([0xff])))))
/** Subject alternative name: the address 127.0.0.1. */
const forLoopback = sequence(identifier('551d11'), der(0x04, sequence(der(0x87, Buffer.from([127, 0, 0, 1])))))
