import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { fingerprintOf } from './key-pair.ts'
import type { SigningKey, SigningKeys } from './signing-keys.ts'

/** Made for tests and used nowhere else: the same in every run, so that simulations can be repeated. */
const pem = `-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC9H0c7lNzS83ew
ZFglQKiOCyOrkAPPzk0SsCdYzplOOEgrtHepDSeqUgUhNUjM8YAufHlZwnip0KUU
NUSXzK7jAt+27d5fEt+6Uj4N6dPMh6/lq84PtMieD4GALr3rRNi6VSXXl49aV3IW
INRmbMBlL11ptKswlYChVcddu2RJ2aMB1w/pevo8nnjNPlAKLSxqS65ZIinApfHp
rYHNQHI09o5U+W1Z+hG/9h//2QQLkXf02HSfW8JLtQQSPSQ14OqlhWbt03/ReP2E
aIPSN/dNcz8jXF7Fe/G3uXakYgtum+b68LIhJu1Dg1T/xnvSQ12H69NYJ+ZtmKqw
ki7Z6tGnAgMBAAECggEAJkd7corZ+3S+KBzXXors0vtcN/CJZPlbzkmLXUVL8HIh
4X7ArZ31BltdoHAZkSnciQw2v71GEREjKKjzfko2p8pAH9WbqeC3Gg5lcwl+Dir0
pmcU6UbtSFjZHGnZlRI1T9nGNBIAOQf0FpiEhUrD0nc40Bl6gPXxuDYViVpRnUSv
vTmhU28k8Wi7ARVtoZ2nQzUgJQM3YblmytT2kDCUkb59WX7VaZbL3mXrcl8NJgjC
aTD5WIOnjA4OKN+HxM/FDg6rI2/34ABwjZVo+6l18HUd8Qq0ljABJHQQoByUcU9U
9EsMVfiR/yp607fomPrv3Ugem4iyWsRPWb/H390XqQKBgQDlIfM71o3vQnAaJs76
HpmcEziGC5Ss2gjD7ERvoYnUS0nGN5lGRQ+M1bIrGcSp14C+Nl0L7kVE1rw03+r9
3bV6Cu580iIV4MyGkH0XpTlFO+HDOCxWqnebbfjdly6oy75ajpn1p4t/pO/xEQGl
4ownzE11J/eQje+1GTZOCetj5QKBgQDTTE3Ykb/ReaMtk5wxGNieH0sjAyrwqCXJ
YVNaIihZlqFuoEHa64kDJT87PNZ4U8tlMk6CY3LGuJ9MAQSm+/za2QHsU1RoB7Xk
IFO90/rS/n/45TY26E6rirVdR4mQQszA3ZWySOr1qZsDeRHo0Bf/NZGYHGbMkoJq
ytiJfeaemwKBgQCBtdJoEXGP/GBRrZ6F4US8IfVhjLTBlTxZDStAtoW79FLzLw5J
xVakN2UBGTlHnIN5KnVKB7yW16j7lbcFt7jAOegAKUS6dePSWYE3HYVqOBf515bi
COZkysCTUL5NN+muggOOGSbTP5/FLAduzOziqrk+lT2ES5VjQ76GNv9WMQKBgDE8
O3t2YtMF2+8X0TJjjr4xnol3CH9xPvTQ1+JNyUcu4Ujs0MuZTKDOAhDkmTkKlX9s
HH0nfSwvAvdr2VCrsPyxyk/uDuH6wfh5S+oUxgJ6SQmPJ3Xd5c71EFO/Ap/54Mok
F+imMxGxRqylfnXYX28ZZWajX5TVoswNni1Th/R3AoGBAJ+eWfAEAb8nkGsqVHlu
kpu9szXniXp8CvKSj1CpE42bofm79bGVapiTdVeMLudZw4OSsGgYJ8iWpz1aMbJp
npo7bxN4CO8fCZYI7PYGnZQ5ole6pr7Wkp9Yma6qurpGgHQJSPT/tv8JdldjqIg0
nbi+fTXVuGsgDr8ArKnKvVQN
-----END PRIVATE KEY-----`

/** One key for every Region and time. RSASSA-PKCS1-v1_5 has no randomness: the same text has the same signature. */
export function createFixedSigningKeys(): SigningKeys {
  const privateKey = createPrivateKey(pem)
  const publicKey = createPublicKey(privateKey).export({ type: 'pkcs1', format: 'der' })
  const key: SigningKey = {
    fingerprint: fingerprintOf(publicKey),
    publicKey,
    validFrom: 0,
    validTo: Number.MAX_SAFE_INTEGER,
    sign: (text) => sign('sha256', Buffer.from(text), privateKey).toString('hex'),
  }
  return {
    current: async () => key,
    at: async () => key,
    byFingerprint: async (_region, fingerprint) => (fingerprint === key.fingerprint ? key : undefined),
    list: async () => [key],
    rotateDue: async () => {},
    close: async () => {},
  }
}
