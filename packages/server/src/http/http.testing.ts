import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { connect, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { AccountId, Region } from '@opentrail/core/event'
import { createSigV4Verifier, signRequest, type SigningCredential } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey, identityOf } from '../auth/sigv4.testing.ts'
import { systemClocks, systemRandom } from '../clock/index.ts'
import { createOperationRegistry, type Operation, type OperationContext } from '../operations/index.ts'
import type { ApiCall, SelfTrail } from '../selftrail/index.ts'
import { createAwsPlane, type AwsPlaneOptions } from './aws-plane.ts'
import { createHttpServer, type HttpServer, type HttpServerOptions } from './http-server.ts'
import { createRefusalRecorder } from './refusal-recorder.ts'

export const home = { account: '111122223333' as AccountId, region: 'eu-west-1' as Region }

export interface FakeSelfTrail extends SelfTrail {
  readonly calls: ApiCall[]
  failing: boolean
}

export function fakeSelfTrail(): FakeSelfTrail {
  const calls: ApiCall[] = []
  const trail: FakeSelfTrail = {
    calls,
    failing: false,
    record(call) {
      if (trail.failing) return Promise.reject(new Error('the journal is full'))
      calls.push(call)
      return Promise.resolve()
    },
    commit: () => Promise.reject(new Error('not used')),
  }
  return trail
}

export function startServer(options: Partial<HttpServerOptions> & Pick<HttpServerOptions, 'routes'>) {
  const faults: unknown[] = []
  const started = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    random: systemRandom,
    onFault: (error) => faults.push(error),
    ...options,
  })
  return started.then((server) => ({ server, faults }))
}

/** An AWS plane on a socket, with a self-trail and operations that only exist here. */
export async function startPlane(operations: Operation[] = [], options: Partial<AwsPlaneOptions> = {}) {
  const selfTrail = fakeSelfTrail()
  const faults: unknown[] = []
  const onFault = (error: unknown) => faults.push(error)
  const credentials = credentialSource(...planeCredentials)
  const refusals = createRefusalRecorder({ selfTrail, random: systemRandom, ...home, onFault })
  const plane: AwsPlaneOptions = {
    registry: createOperationRegistry(operations),
    verifier: createSigV4Verifier({ credential: (id) => credentials.accessKey(id), wall: () => systemClocks.wall() }),
    credentials,
    regions: new Set(['eu-west-1', 'us-east-1']),
    selfTrail,
    refusals,
    home,
    context: (caller, region) => ({ caller, region }) as OperationContext,
    onFault,
    ...options,
  }
  const { server } = await startServer({ routes: createAwsPlane(plane), onFault })
  return { server, selfTrail, faults, refusals }
}

export const auditorKey = { accessKeyId: 'AKIDAUDITOR', secretAccessKey: 'auditor-secret' }
export const producerKey = { accessKeyId: 'AKIDPRODUCER', secretAccessKey: 'producer-secret' }
const planeCredentials: SigningCredential[] = [
  credentialOf(exampleKey),
  credentialOf(auditorKey, 'auditor'),
  credentialOf(producerKey, 'producer'),
]

export interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

export function send(
  server: HttpServer,
  request: { method?: string; path?: string; headers?: OutgoingHttpHeaders; body?: string | Uint8Array },
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', path = '/', headers, body } = request
    const outgoing = httpRequest(
      { host: server.host, port: server.port, method, path, headers: { connection: 'close', ...headers } },
      (incoming) => {
        const done = async () => {
          const content = await buffer(incoming)
          resolve({ status: incoming.statusCode!, headers: incoming.headers, text: content.toString() })
        }
        done().catch(reject)
      },
    )
    outgoing.once('error', reject).end(body)
  })
}

export interface CallRequest {
  readonly target?: string
  readonly body?: string
  readonly key?: typeof exampleKey
  readonly region?: string
  readonly service?: string
  readonly path?: string
  readonly headers?: Record<string, string>
}

/** A signed call as an SDK would make it. */
export function call(server: HttpServer, request: CallRequest = {}): Promise<Reply> {
  const { target, body = '{}', key = exampleKey, region = 'eu-west-1', service = 'cloudtrail', path = '/' } = request
  const headers = signRequest(
    {
      method: 'POST',
      target: path,
      body: Buffer.from(body),
      headers: {
        host: `${server.host}:${server.port}`,
        'content-type': 'application/x-amz-json-1.1',
        ...(target !== undefined && { 'x-amz-target': target }),
        ...request.headers,
      },
    },
    identityOf({ ...key, region, service }),
    Date.now(),
  )
  return send(server, { method: 'POST', path, headers, body })
}

/** Everything the server says on a bare connection until it closes it. */
export function raw(server: HttpServer, text: string, onSocket?: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(server.port, server.host)
    let answer = ''
    socket.on('data', (bytes) => (answer += bytes.toString('latin1')))
    socket.on('error', () => {}).once('close', () => resolve(answer))
    socket.write(text, 'latin1')
    onSocket?.(socket)
  })
}
