/**
 * An existing bucket: how fast `opentrail import` takes it in, a second time too, and how long the first answer takes: by
 * `opentrail open --where`, by an opened server, and by `zcat | jq` on the same files (where jq is installed).
 * Run: node --conditions=opentrail-source bench/import.ts [--files 1000] [--events 500]. Prints a table and one line of JSON.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildBucket, sideBySide } from './validation-bucket.ts'

const { values } = parseArgs({
  options: { files: { type: 'string', default: '1000' }, events: { type: 'string', default: '500' } },
})
const [files, eventsPerFile] = [Number(values.files), Number(values.events)]
const [account, region, bucket] = ['111122223333', 'us-east-1', 'audit-logs']
/** Of about one event in a hundred. */
const eventName = 'DescribeBuckets'
const cli = ['--conditions=opentrail-source', join(import.meta.dirname, '../packages/server/src/cli/main.ts')] as const

// On a disk, as it would be.
const place = mkdtempSync(join(import.meta.dirname, '../.tools/import-'))
const logs = join(place, 'logs')
const environment = { ...process.env, XDG_STATE_HOME: join(place, 'state') }
try {
  const rows = await measure()
  for (const { what, seconds, events } of rows) {
    const rate = events === undefined ? '' : `${Math.round(events / seconds).toLocaleString('en')} events/s`
    console.log(`${what.padEnd(58)} ${seconds.toFixed(2).padStart(8)} s  ${rate}`)
  }
  console.log(`load at the end ${loadavg()[0]!.toFixed(2)}`)
  console.log(JSON.stringify({ files, eventsPerFile, rows }))
} finally {
  rmSync(place, { recursive: true, force: true })
}

interface Row {
  readonly what: string
  readonly seconds: number
  readonly events?: number
}

async function measure(): Promise<Row[]> {
  const puts = sideBySide(async (key, body) => {
    mkdirSync(dirname(join(logs, key)), { recursive: true })
    await writeFile(join(logs, key), body)
  })
  const trailArn = `arn:aws:cloudtrail:${region}:${account}:trail/audit`
  const contents = files
  const built = await buildBucket({ bucket, trailArn, account, region, files, eventsPerFile, contents }, puts.put)
  await puts.end()
  const events = files * eventsPerFile
  const megabytes = `${(built.bytes / 1e6).toFixed(0)} MB, ${(built.storedBytes / 1e6).toFixed(0)} MB stored`
  console.log(`${files} log files, ${events} events, ${megabytes}; load ${loadavg()[0]!.toFixed(2)}`)
  return [...askFiles(), ...(await askOpened(events)), ...(await importAll(events))]
}

/** Some of these events are in every file. */
function askFiles(): Row[] {
  const named = timed('open --where, the 50 newest of one name', [
    process.execPath,
    ...cli,
    'open',
    logs,
    '--where',
    `eventName = ${eventName}`,
  ])
  const none = timed('open --where, something that is nowhere: all files read', [
    process.execPath,
    ...cli,
    'open',
    logs,
    '--where',
    'eventName = NothingLikeIt',
  ])
  if (spawnSync('jq', ['--version']).status !== 0) return [named, none]
  const filter = `.Records[] | select(.eventName == "${eventName}")`
  const script = `find ${logs} -path '*/CloudTrail/*' -name '*.json.gz' -print0 | xargs -0 zcat | jq -c '${filter}' > /dev/null`
  return [named, none, timed('zcat | jq, the same over all files', ['bash', '-c', script])]
}

function timed(what: string, [program = '', ...args]: readonly string[]): Row {
  const began = performance.now()
  const { status, stderr } = spawnSync(program, args, { env: environment, maxBuffer: 2 ** 28 })
  if (status !== 0) throw new Error(`${what} ended with ${status}: ${stderr.toString()}`)
  return { what, seconds: (performance.now() - began) / 1_000 }
}

/** A server until its first answer, and until all is read. */
async function askOpened(events: number): Promise<Row[]> {
  const began = performance.now()
  const since = () => (performance.now() - began) / 1_000
  const child = spawn(process.execPath, [...cli, 'open', logs], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: environment,
  })
  let output = ''
  let firstAnswer: number | undefined
  const said = (pattern: RegExp): Promise<void> =>
    new Promise((done) => {
      const look = () => pattern.test(output) && done()
      child.stdout.on('data', look)
      look()
    })
  child.stdout.on('data', (text: Buffer) => (output += text.toString()))
  await said(/what has been read is found/)
  const exports = Object.fromEntries(
    [...output.matchAll(/export (\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]),
  )
  while (firstAnswer === undefined) {
    const look = spawnSync(process.execPath, [...cli, 'lookup-events', '--max-items', '10'], {
      env: { ...environment, ...exports },
    })
    if (look.stdout.length > 100) firstAnswer = since()
  }
  await said(/All is read/)
  const all = since()
  child.kill('SIGINT')
  await new Promise((ended) => child.once('exit', ended))
  return [
    { what: 'open: server started and first events looked up', seconds: firstAnswer },
    { what: 'open: all files read', seconds: all, events },
  ]
}

async function importAll(events: number): Promise<Row[]> {
  const data = join(place, 'data')
  const args = ['start', '--port', '0', '--data', data, '--log-level', 'warn', '--account', account]
  const server = spawn(process.execPath, [...cli, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise<void>((ready) => server.stdout.on('data', () => ready()))
  try {
    const run = (what: string, ...more: string[]): Row => {
      const row = timed(what, [process.execPath, ...cli, 'import', logs, '--data', data, ...more])
      return { ...row, events }
    }
    const first = run('import into a server')
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8')
    console.log(`server after the import: ${/VmHWM:\s+(\d+)/.exec(status)?.[1]} KB at most`)
    return [first, run('import again, nothing new'), run('import again without its memory', '--again')]
  } finally {
    const ended = new Promise((done) => server.once('exit', done))
    server.kill('SIGTERM')
    await ended
  }
}
