import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, createServer as createSocketServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { BuiltBucket } from './validation-bucket.ts'

export interface Listening {
  readonly endpoint: string
  close(): void
}

/** What `validate-logs` asks of CloudTrail's API, answered for one trail. */
export async function startTrailApi(
  trail: { readonly arn: string; readonly region: string; readonly bucket: string },
  { publicKey, from, to }: BuiltBucket,
): Promise<Listening> {
  const answers: Readonly<Record<string, object>> = {
    DescribeTrails: {
      trailList: [{ Name: 'audit', TrailARN: trail.arn, HomeRegion: trail.region, S3BucketName: trail.bucket }],
    },
    GetTrailStatus: { IsLogging: true, LatestDigestDeliveryTime: to / 1_000 },
    ListPublicKeys: {
      PublicKeyList: [
        {
          Value: publicKey.der.toString('base64'),
          Fingerprint: publicKey.fingerprint,
          ValidityStartTime: from / 1_000,
          ValidityEndTime: to / 1_000 + 86_400,
        },
      ],
    },
  }
  const server = createServer((request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1)!
    const answer = answers[operation]
    request.resume().once('end', () => {
      response.writeHead(answer ? 200 : 404, { 'content-type': 'application/x-amz-json-1.1' })
      response.end(JSON.stringify(answer ?? {}))
    })
  })
  return listen(server)
}

/** A way to a server on which each part of an answer takes so much longer. Connections are made as fast as ever. */
export function startDelay(endpoint: string, latencyMs: number): Promise<Listening> {
  const { hostname, port } = new URL(endpoint)
  const server = createSocketServer({ noDelay: true }, (near: Socket) => {
    const far = connect({ port: Number(port), host: hostname, noDelay: true })
    near.pipe(far)
    far.on('data', (bytes) => setTimeout(() => near.write(bytes), latencyMs))
    far.on('end', () => setTimeout(() => near.end(), latencyMs))
    for (const socket of [near, far]) socket.on('error', () => [near, far].forEach((each) => each.destroy()))
  })
  return listen(server)
}

async function listen(server: Server): Promise<Listening> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { endpoint: `http://127.0.0.1:${port}`, close: () => void server.close() }
}
