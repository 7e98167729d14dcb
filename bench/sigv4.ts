// What authentication costs: signatures verified per second of one core's time. `node --conditions=opentrail-source bench/sigv4.ts`
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createHmac } from 'node:crypto'
import {
  createChunkedPayload,
  createSigV4Verifier,
  signRequest,
  type ChunkSeed,
} from '../packages/server/src/auth/index.ts'
import { emptySha256, sha256Hex } from '../packages/server/src/auth/canonical-request.ts'
import { deriveSigningKey } from '../packages/server/src/auth/signing-key.ts'
import { credentialOf, exampleKey, identityOf, raw, rulesOf } from '../packages/server/src/auth/sigv4.testing.ts'

const measureSeconds = 1
const now = Date.now()
const scope = { day: '20261121', region: 'eu-west-1', service: 'cloudtrail' }

/** Seconds of CPU used so far: figures then mean "per core", whatever else the machine does. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function perSecond(run: () => void): number {
  for (let i = 0; i < 2_000; i++) run()
  const from = cpuSeconds()
  let runs = 0
  while (cpuSeconds() - from < measureSeconds) {
    for (let i = 0; i < 200; i++) run()
    runs += 200
  }
  return runs / (cpuSeconds() - from)
}

function verification(bodyBytes: number, signingKeysMax?: number): () => void {
  const verifier = createSigV4Verifier({
    credential: () => credentialOf(exampleKey),
    wall: () => now,
    ...(signingKeysMax !== undefined && { signingKeysMax }),
  })
  const body = Buffer.alloc(bodyBytes, 'a')
  const headers = {
    host: 'localhost:4568',
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'CloudTrail_20131101.LookupEvents',
    'amz-sdk-invocation-id': '5f0c3d0e-7a39-4a55-9d84-6f4b1a6a7e11',
  }
  const rawHeaders = raw(signRequest({ method: 'POST', target: '/', headers, body }, identityOf(), now))
  const request = { method: 'POST', target: '/', rawHeaders }
  const rules = rulesOf({ mustBeSigned: ['x-amz-target'] })
  return () => void verifier.verify(request, rules, body)
}

/** Megabytes per second of a body in signed chunks. */
async function chunked(chunkBytes: number): Promise<number> {
  const seed: ChunkSeed = {
    signed: true,
    trailer: false,
    signingKey: deriveSigningKey(exampleKey.secretAccessKey, scope),
    amzDate: '20261121T120000Z',
    scope: '20261121/eu-west-1/cloudtrail/aws4_request',
    signature: 'a'.repeat(64),
  }
  const chunk = Buffer.alloc(chunkBytes, 'a')
  const count = Math.ceil((256 * 1_048_576) / chunkBytes)
  const [hash, wire] = [sha256Hex(chunk), [] as Buffer[]]
  let previous = seed.signature
  for (let i = 0; i <= count; i++) {
    const last = i === count
    const text = `AWS4-HMAC-SHA256-PAYLOAD\n${seed.amzDate}\n${seed.scope}\n${previous}\n${emptySha256}\n${last ? emptySha256 : hash}`
    previous = createHmac('sha256', seed.signingKey).update(text).digest('hex')
    wire.push(Buffer.from(`${(last ? 0 : chunkBytes).toString(16)};chunk-signature=${previous}\r\n`))
    wire.push(last ? Buffer.from('\r\n') : chunk)
    if (!last) wire.push(Buffer.from('\r\n'))
  }
  const from = cpuSeconds()
  const decoder = createChunkedPayload({ seed, decodedBytes: count * chunkBytes })
  const content = await buffer(Readable.from(wire).pipe(decoder))
  return content.length / 1_048_576 / (cpuSeconds() - from)
}

const rows = [
  { what: '1 KB body, signing key cached', perSecond: perSecond(verification(1_024)) },
  { what: '1 KB body, no key cached', perSecond: perSecond(verification(1_024, 0)) },
  { what: '100 KB body, signing key cached', perSecond: perSecond(verification(102_400)) },
].map(({ what, perSecond: rate }) => ({ what, perSecond: Math.round(rate), microseconds: +(1e6 / rate).toFixed(1) }))
console.table(rows)
const streams = [{ what: 'signed chunks of 64 KB', megabytesPerSecond: Math.round(await chunked(65_536)) }]
console.table(streams)
console.log(JSON.stringify({ benchmark: 'sigv4', rows, streams }))
