import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  PutBucketPolicyCommand,
  S3Client,
  type BucketLocationConstraint,
} from '@aws-sdk/client-s3'
import { hasBoto3, pythonPath } from './clients.ts'

const tools = fileURLToPath(new URL('../.tools/', import.meta.url))
/** Where `scripts/install-s3-server.mjs` puts it. */
export const versitygwPath = join(tools, 's3-server/bin/versitygw')

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A store that nobody here wrote, on loopback, with data that ends with it. */
export interface S3Server {
  readonly endpoint: string
  readonly region: string
  readonly credentials: S3Credentials
  createBucket(name: string): Promise<void>
  /** Sets the bucket's policy, or removes it. */
  setPolicy(bucket: string, policy: object | undefined): Promise<void>
  /** Credentials of somebody who may do what bucket policies allow. Where the store does not authenticate: not there. */
  createUser?(name: string, secret?: string): Promise<S3Credentials>
  close(): Promise<void>
}

/** Checks signatures, credentials and Region, knows policies and conditional puts; keys are paths in a directory. */
export const hasVersitygw = (): boolean => existsSync(versitygwPath)
/** Checks neither signatures nor Region; keys are keys. */
export const hasMoto = (): boolean => hasBoto3() && existsSync(join(pythonPath, '../moto_server'))

const region = 'eu-west-1'
const credentials = { accessKeyId: 'AKIAFOREIGNSTORE0001', secretAccessKey: 'a/secret+of/forty=letters/0123456789abcd' }

export async function startVersitygw(): Promise<S3Server> {
  // Attributes of objects are extended ones of files, which a temporary directory in memory may not have.
  const directory = mkdtempSync(join(tools, 's3-server', 'data-'))
  const [buckets, users] = [join(directory, 'buckets'), join(directory, 'users')]
  for (const path of [buckets, users]) mkdirSync(path)
  const options = ['--region', region, '--iam-dir', users, '--keep-alive', '--quiet']
  const started = await start(directory, (port) => ({
    command: versitygwPath,
    args: ['--port', `127.0.0.1:${port}`, ...options, 'posix', buckets],
    environment: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
  }))
  return { ...started, createUser: (name, secret) => createUser(started.endpoint, name, secret) }
}

async function createUser(endpoint: string, name: string, secret = `secret-of-${name}`): Promise<S3Credentials> {
  const user = { accessKeyId: name, secretAccessKey: secret }
  const whose = ['--endpoint-url', endpoint, '--region', region]
  const what = ['create-user', '--access', user.accessKeyId, '--secret', user.secretAccessKey, '--role', 'user']
  await promisify(execFile)(versitygwPath, ['admin', ...whose, ...what], {
    env: { ADMIN_ACCESS_KEY_ID: credentials.accessKeyId, ADMIN_SECRET_ACCESS_KEY: credentials.secretAccessKey },
  })
  return user
}

export function startMoto(): Promise<S3Server> {
  const directory = mkdtempSync(join(tmpdir(), 's3-server-'))
  return start(directory, (port) => ({
    command: pythonPath,
    args: [join(pythonPath, '../moto_server'), '-H', '127.0.0.1', '-p', String(port)],
    environment: {},
  }))
}

interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** Somebody else may take a free port before the server does. */
const attempts = 3
/** Python takes a while to load on a busy machine. */
const readyChecks = 300
const readyCheckMs = 100

async function start(directory: string, program: (port: number) => Program): Promise<S3Server> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const child = run(program(port), directory)
    const kill = (): boolean => child.kill('SIGKILL')
    process.once('exit', kill)
    const endpoint = `http://127.0.0.1:${port}`
    const close = async (): Promise<void> => {
      process.off('exit', kill)
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
      kill()
      await ended
    }
    if (await isReady(endpoint, child)) return server(endpoint, directory, close)
    await close()
    if (attempt === attempts) throw new Error(`the S3 server ${program(port).command} does not start`)
  }
}

const run = ({ command, args, environment }: Program, directory: string): ChildProcess =>
  spawn(command, args, {
    cwd: directory,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], HOME: directory, ...environment },
  })

async function freePort(): Promise<number> {
  const probe = createServer()
  probe.listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** Any HTTP answer will do. */
async function isReady(endpoint: string, child: ChildProcess): Promise<boolean> {
  for (let check = 0; check < readyChecks && child.exitCode === null && child.signalCode === null; check++) {
    const answer = await fetch(endpoint, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
    if (answer !== undefined) {
      await answer.arrayBuffer()
      return true
    }
    await delay(readyCheckMs)
  }
  return false
}

function server(endpoint: string, directory: string, close: () => Promise<void>): S3Server {
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  return {
    endpoint,
    region,
    credentials,
    async createBucket(name) {
      const LocationConstraint: BucketLocationConstraint = region
      await client.send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration: { LocationConstraint } }))
    },
    async setPolicy(bucket, policy) {
      if (policy === undefined) await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }))
      else await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify(policy) }))
    },
    async close() {
      client.destroy()
      await close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
