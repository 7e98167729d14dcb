import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { CreateTrailCommand, StartLoggingCommand } from '@aws-sdk/client-cloudtrail'
import { advance, arn, endOf, home, withTrail } from '../test/wire/lively-trail.ts'
import { awsPath } from '../test/clients.ts'
import { record } from '../test/wire/records.ts'
import { clientEnvironment, sendEvents } from '../test/wire/test-server.ts'

// Log files verified per second, by `opentrail validate-logs` and by `aws cloudtrail validate-logs`, each as a process of its own, on
// the same bucket of another S3 server: node --conditions=opentrail-source bench/validate-logs.ts --files 200
const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '200' },
    events: { type: 'string', default: '100' },
    /** Of the store, added to each of its answers; a store in a data centre nearby has some 20. */
    'latency-ms': { type: 'string', default: '0' },
  },
})
const [files, events] = [Number(values.files), Number(values.events)]
const latencyMs = Number(values['latency-ms'])
const stepMs = 5 * 60_000
const ours = join(import.meta.dirname, '../packages/server/dist/cli/main.js')

async function timed(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const start = performance.now()
  const { stdout } = await promisify(execFile)(command, [...args], { env, maxBuffer: 2 ** 26 })
  const seconds = (performance.now() - start) / 1_000
  const verified = Number(/(\d+)\/\d+ log files valid/.exec(stdout)?.[1])
  console.log(
    `${seconds.toFixed(2)} s, ${(verified / seconds).toFixed(1)} log files/s: ${stdout.trim().split('\n').slice(-2).join('; ')}`,
  )
}

/** A way to the store on which its answers take longer. */
async function delayed(endpoint: string): Promise<{ endpoint: string; server: Server }> {
  const { hostname, port } = new URL(endpoint)
  const server = createServer((near: Socket) => {
    const far = connect(Number(port), hostname)
    near.pipe(far)
    far.on('data', (bytes) => setTimeout(() => near.write(bytes), latencyMs))
    far.on('end', () => setTimeout(() => near.end(), latencyMs))
    for (const socket of [near, far]) socket.on('error', () => [near, far].forEach((each) => each.destroy()))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

await withTrail(async ({ server, cloudTrail, store, bucket }) => {
  await cloudTrail.send(new CreateTrailCommand({ Name: 'audit', S3BucketName: bucket, EnableLogFileValidation: true }))
  await cloudTrail.send(new StartLoggingCommand({ Name: 'audit' }))
  let now = ''
  for (let file = 0; file < files; file++) {
    await sendEvents(
      server,
      Array.from({ length: events }, (_, index) => record({ secondsAgo: index % 60 })),
      home,
    )
    now = await advance(server, stepMs)
  }
  now = await advance(server, 60 * 60_000)
  const way = await delayed(store.endpoint)
  const env = { ...clientEnvironment(server), AWS_ENDPOINT_URL_S3: latencyMs > 0 ? way.endpoint : store.endpoint }
  const options = ['--trail-arn', arn, '--start-time', '2020-01-01T00:00:00Z', '--end-time', endOf(now).slice(0, 19)]
  for (let round = 0; round < 2; round++) {
    await timed(process.execPath, [ours, 'validate-logs', ...options], env)
    await timed(awsPath, ['cloudtrail', 'validate-logs', ...options], env)
  }
  way.server.close()
})
