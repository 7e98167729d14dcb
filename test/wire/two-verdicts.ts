import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Finding } from '../../packages/core/src/digest/index.ts'
import { call } from '../../packages/server/src/cli/cli.testing.ts'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { awsPath } from '../clients.ts'
import type { S3Server } from '../s3-server.ts'
import { clientEnvironment } from './test-server.ts'
import { arnOf, type ChainName } from './two-trails.ts'

export interface AwsLine {
  /** `<bucket>/<key>`; empty where the line concerns no object. */
  readonly name: string
  /** Without names, times and fingerprints. */
  readonly says: string
}

export interface Verdicts {
  readonly aws: readonly AwsLine[]
  readonly ours: readonly Pick<Finding, 'kind' | 'subject'>[]
  /** Ours. */
  readonly exitCode: number
}
export type Verify = (chain: ChainName) => Promise<Verdicts>

/** What both verifiers say of a chain and its log files. */
export function createVerifiers(server: RunningServer, store: Pick<S3Server, 'endpoint'>, end: string): Verify {
  const environment = { ...clientEnvironment(server), AWS_ENDPOINT_URL_S3: store.endpoint } as Record<string, string>
  return async ({ trail, region }) => {
    const args = [
      'validate-logs',
      '--trail-arn',
      arnOf(trail),
      '--start-time',
      '2020-01-01T00:00:00Z',
      '--end-time',
      end,
    ]
    const [aws, own] = await Promise.all([
      awsLines(['cloudtrail', ...args, '--region', region, '--verbose'], environment),
      call([...args, '--region', region, '--format', 'json'], { environment }),
    ])
    assert.ok(own.exitCode < 2, own.stderr)
    const { findings } = JSON.parse(own.stdout) as { findings: Finding[] }
    return { aws, ours: findings, exitCode: own.exitCode }
  }
}

const objectLine = /^(?:\(backfill\) )?(Digest file|Log file)\ts3:\/\/(\S+)\t(.+)$/
const gapText = 'No log files were delivered by CloudTrail between'

/** What the AWS CLI says, but for what is valid. One that goes round in a chain for ever is stopped. */
async function awsLines(args: readonly string[], env: NodeJS.ProcessEnv): Promise<AwsLine[]> {
  const child = spawn(awsPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: AwsLine[] = []
  const seen = new Set<string>()
  let rest = ''
  let isEndless = false
  function read(line: string): void {
    const [, type = '', name = '', verdict = ''] = objectLine.exec(line) ?? []
    if (type === 'Digest file' && seen.has(name)) isEndless = child.kill() || isEndless
    if (isEndless) return
    seen.add(name)
    if (type === '') rest += `${line}\n`
    else if (verdict !== 'valid') lines.push({ name, says: `${type}: ${verdict.replace(/[0-9a-f]{32}/, 'F')}` })
    if (line.includes(gapText)) lines.push({ name: '', says: `${gapText} ...` })
  }
  const outputs = [child.stdout, child.stderr].map((input) =>
    once(createInterface({ input }).on('line', read), 'close'),
  )
  const [code] = (await once(child, 'exit')) as [number | null]
  await Promise.all(outputs)
  if (isEndless) return [{ name: '', says: '(never ends)' }]
  assert.ok(code === 0 || code === 1, rest)
  return rest.includes('No digests found') ? [...lines, { name: '', says: 'No digests found' }] : lines
}
