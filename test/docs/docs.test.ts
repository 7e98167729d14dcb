import assert from 'node:assert/strict'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, test } from 'vitest'
import { clientPath, hasAwsCli } from '../clients.ts'
import { skipped } from '../skip.ts'
import { shellBlocks } from './code-blocks.ts'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const guides = readdirSync(join(root, 'docs/guides')).map((name) => `docs/guides/${name}`)
const documents = ['README.md', ...guides]

/** Installing, building and starting on a busy two-core machine. */
const startMsMax = 180_000
const scriptMsMax = 180_000

describe('every command in the documents works as written', () => {
  for (const document of documents) {
    test(document, { timeout: startMsMax + scriptMsMax + 30_000 }, async () => {
      const blocks = shellBlocks(readFileSync(join(root, document), 'utf8'))
      const data = mkdtempSync(join(tmpdir(), 'opentrail-docs-'))
      const scratch = mkdtempSync(join(tmpdir(), 'opentrail-docs-scratch-'))
      const environment = {
        ...process.env,
        OPENTRAIL_DATA: data,
        OPENTRAIL_PORT: '0',
        OPENTRAIL_LOG_LEVEL: 'warn',
        OPENTRAIL_DELIVERY_INTERVAL: '1s',
        PATH: clientPath(),
      }
      const servers: ChildProcess[] = []
      try {
        for (const block of blocks.filter(({ kind }) => kind === 'server'))
          servers.push(await startServer(block.text, environment))
        const run = blocks.filter(({ kind }) => kind === '' || (kind === 'needs-aws' && awsCliOrSkip(document)))
        const lines = run.map(({ line, text }) => `echo "--- ${document}:${line}"\n${hurried(text)}`)
        // What an earlier run has left in /tmp is not part of this one.
        const script = lines.join('\n').replaceAll('/tmp/', `${scratch}/`)
        // Not in one go: what the servers say meanwhile has to be taken from them.
        await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
          cwd: root,
          env: environment,
          timeout: scriptMsMax,
          maxBuffer: 2 ** 26,
        }).catch(({ code, stdout, stderr }: { code: unknown; stdout: string; stderr: string }) =>
          assert.fail(`${document} failed with ${String(code)}:\n${stdout}\n${stderr}`),
        )
      } finally {
        for (const server of servers) await stop(server)
        // The shell that started a server has ended; the server may still be writing what it closes.
        for (const directory of [data, scratch])
          rmSync(directory, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 })
      }
    })
  }

  test('every link between documents leads somewhere', () => {
    const all = [
      ...documents,
      ...readdirSync(join(root, 'docs'), { recursive: true }).map((name) => `docs/${String(name)}`),
    ]
    for (const document of new Set(all.filter((name) => name.endsWith('.md')))) {
      for (const [, target] of readFileSync(join(root, document), 'utf8').matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
        assert.ok(
          existsSync(join(root, dirname(document), target!)),
          `${document} links to ${target}, which does not exist`,
        )
      }
    }
  })
})

/** A reader waits a minute for log files; here they come every second. */
const hurried = (text: string): string => text.replace(/^sleep 60\b/gm, 'sleep 4')

function awsCliOrSkip(document: string): boolean {
  if (hasAwsCli()) return true
  skipped(`the AWS CLI commands of ${document}`, 'the AWS CLI is not installed')
  return false
}

/** Resolves when the server says that it is ready. */
async function startServer(command: string, environment: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const env = /--test/.test(command) ? without(environment, ['OPENTRAIL_DATA', 'OPENTRAIL_PORT']) : environment
  const server = spawn('bash', ['-c', command], { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  await new Promise<void>((ready, failed) => {
    const timer = setTimeout(() => failed(new Error(`the server did not become ready:\n${output}`)), startMsMax)
    const read = (data: Buffer) => {
      output += data.toString()
      if (!/is ready/.test(output)) return
      clearTimeout(timer)
      ready()
    }
    server.stdout.on('data', read)
    server.stderr.on('data', read)
    server.on('exit', (code) => failed(new Error(`the server ended with ${code}:\n${output}`)))
  })
  return server
}

const without = (environment: NodeJS.ProcessEnv, names: readonly string[]) =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)))

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return
  const ended = new Promise((done) => server.on('exit', done))
  process.kill(-server.pid!, 'SIGTERM')
  await ended
}
