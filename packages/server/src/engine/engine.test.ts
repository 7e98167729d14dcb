import { ClickHouseError } from '@clickhouse/client'
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { startEngine, type Engine, type EngineEvent } from './index.ts'

const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), 'engine-'))

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const deadline = performance.now() + 20_000; !(await holds()); await sleep(20))
    assert.ok(performance.now() < deadline, `waited in vain: ${what}`)
}

function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: unknown) => (error instanceof ClickHouseError ? `${error.code} ${error.type}` : String(error)),
  )

describe('the engine through the unmodified client', () => {
  let directory: string
  let engine: Engine
  beforeAll(async () => {
    directory = await temporary()
    engine = await startEngine({ directory })
    await engine.client.command({
      query: 'CREATE TABLE opentrail.text (a String, b UInt64) ENGINE = MergeTree ORDER BY b',
    })
  })
  afterAll(async () => {
    const pid = engine.pid() as number
    await engine.close()
    assert.equal(isRunning(pid), false)
    assert.equal(existsSync(join(directory, 'engine.sock')), false)
    rmSync(directory, { recursive: true })
  })
  const rows = async (query: string, more: object = {}): Promise<unknown[]> =>
    (await engine.client.query({ query, format: 'JSONCompactEachRow', ...more })).json()

  test('parameters of all kinds arrive as they were', async () => {
    const text = 'it\'s "a" \\ \t\n\r é 😀 \0 ; -- {x:String}'
    const values = { text, number: 2n ** 64n - 1n, list: ["a'b", '\\'], none: null, negative: -5 }
    const query = `SELECT {text:String}, {number:UInt64}, {list:Array(String)}, {none:Nullable(String)}, {negative:Int8} + 1`
    const settings = { output_format_json_quote_64bit_integers: 1 }
    assert.deepEqual(await rows(query, { query_params: values, clickhouse_settings: settings }), [
      [text, String(values.number), values.list, null, -4],
    ]) // prettier-ignore
  })

  test('settings do not leak into the next query on any session', async () => {
    const value = async (settings?: object) =>
      rows("SELECT getSetting('max_block_size'), getSetting('readonly')", { clickhouse_settings: settings })
    const [before] = await value()
    const [changed] = await value({ max_block_size: '1234' })
    assert.deepEqual(changed, [1234, 0])
    for (let repeat = 0; repeat < 8; repeat++) assert.deepEqual(await value(), [before])
  })

  test('inserted bytes stay what they are: empty lines, NUL, invalid UTF-8, SQL', async () => {
    const values = [
      'a\n\nb',
      '\n\nCREATE TABLE opentrail.evil (a UInt8) ENGINE = Memory',
      'é😀'.repeat(40_000),
      '\0;\0',
      '',
    ]
    await engine.client.insert({
      table: 'opentrail.text',
      values: values.map((a, b) => ({ a, b })),
      format: 'JSONEachRow',
    })
    assert.deepEqual(await rows('SELECT a FROM opentrail.text ORDER BY b'), values.map((a) => [a])) // prettier-ignore
    const bytes = Buffer.from([5, 0xff, 0x0a, 0x0a, 0x00, 0xc3, 100, 0, 0, 0, 0, 0, 0, 0])
    await engine.client.exec({
      query: 'INSERT INTO opentrail.text (a, b) FORMAT RowBinary',
      values: Readable.from([bytes], { objectMode: false }),
    })
    assert.deepEqual(await rows('SELECT hex(a) FROM opentrail.text WHERE b = 100'), [['FF0A0A00C3']])
    assert.deepEqual(await rows("SELECT name FROM system.tables WHERE name = 'evil'"), [])
    assert.deepEqual(readdirSync(join(directory, 'spool')), [])
  })

  test('errors carry code and type', async () => {
    assert.equal(await codeOf(rows('SELECT nope')), '47 UNKNOWN_IDENTIFIER')
    assert.equal(await codeOf(rows('SELEC 1')), '497 ACCESS_DENIED')
    assert.equal(await codeOf(rows('SELECT 1; SELECT 2')), '62 SYNTAX_ERROR')
    assert.equal(await codeOf(rows('SELECT throwIf(1)')), '395 FUNCTION_THROW_IF_VALUE_IS_NON_ZERO')
    const slow = { clickhouse_settings: { max_execution_time: 1 } }
    assert.equal(
      await codeOf(rows('SELECT sum(cityHash64(number)) FROM numbers(100000000000)', slow)),
      '159 TIMEOUT_EXCEEDED',
    )
    const large = 'SELECT groupArray(number) FROM numbers(1000000000)'
    assert.match(await codeOf(rows(large)), /^241 MEMORY_LIMIT_EXCEEDED$/)
    assert.deepEqual(await rows('SELECT 1'), [[1]])
  })

  test('what a failed query had already put out never shows in another result', async () => {
    const failing = 'SELECT number, throwIf(number = 1000000) FROM numbers(2000000)'
    for (let repeat = 0; repeat < 8; repeat++) {
      assert.equal(await codeOf(rows(failing)), '395 FUNCTION_THROW_IF_VALUE_IS_NON_ZERO')
      assert.deepEqual(await Promise.all([1, 2, 3, 4, 5, 6].map((n) => rows(`SELECT ${n}`))), [
        [[1]],
        [[2]],
        [[3]],
        [[4]],
        [[5]],
        [[6]],
      ])
    }
  })

  test('nothing outside the databases can be read or written', async () => {
    const denied = [
      "SELECT file('/etc/hostname')",
      "SELECT * FROM file('/etc/hostname', TSV, 'a String')",
      "SELECT * FROM url('http://localhost:1/', TSV, 'a String')",
      "SELECT * FROM remote('127.0.0.1', system.one)",
      'CREATE DATABASE other',
      "CREATE TABLE opentrail.f (a String) ENGINE = File('TSV')",
      "CREATE TABLE opentrail.f (a String) ENGINE = URL('http://localhost:1/', TSV)",
      'CREATE USER other',
      `SELECT 1 INTO OUTFILE '${join(tmpdir(), 'never')}'`,
    ]
    for (const query of denied) assert.equal(await codeOf(engine.client.command({ query })), '497 ACCESS_DENIED', query)
    assert.equal(existsSync(join(tmpdir(), 'never')), false)
  })

  test('an aborted request kills its query, running or waiting', async () => {
    const aborting = new AbortController()
    const queries = Array.from({ length: 9 }, () =>
      engine.client.query({
        query: 'SELECT sum(cityHash64(number)) FROM numbers(100000000000)',
        abort_signal: aborting.signal,
      }),
    )
    const settled = Promise.allSettled(queries)
    await sleep(100)
    aborting.abort()
    assert.ok((await settled).every(({ status }) => status === 'rejected'))
    // Nine heavy queries for six sessions: this one is answered only when they are gone.
    const running =
      "SELECT count() FROM system.processes WHERE query LIKE '%100000000000%' AND query NOT LIKE '%processes%'"
    await until(async () => String((await rows(running))[0]) === '0', 'killed queries')
  })

  test('the socket is private and every request needs the token', async () => {
    const socketPath = join(directory, 'engine.sock')
    assert.equal(statSync(socketPath).mode & 0o777, 0o600)
    const status = (path: string, headers = {}) =>
      new Promise<number>((resolve, reject) => {
        request({ socketPath, path, method: 'POST', headers }, (response) => {
          response.resume()
          resolve(response.statusCode ?? 0)
        })
          .once('error', reject)
          .end('SELECT 1')
      })
    assert.equal(await status('/'), 400)
    assert.equal(await status('/ping'), 400)
    assert.equal(await status('/', { Authorization: `Basic ${Buffer.from('default:wrong').toString('base64')}` }), 400)
  })
})

describe('the supervisor', () => {
  async function started(directory: string, options: object = {}) {
    const events: EngineEvent[] = []
    const engine = await startEngine({ directory, onEvent: (event) => events.push(event), ...options })
    const of = (kind: EngineEvent['kind']) => events.filter((event) => event.kind === kind)
    return { engine, of }
  }
  const answers = async (engine: Engine): Promise<boolean> => (await engine.client.ping({ select: true })).success

  test('an engine that is killed, and one that hangs, is replaced by one with the same data', async () => {
    const directory = await temporary()
    const { engine, of } = await started(directory, { pingIntervalMs: 50, pingTimeoutMs: 500 })
    await engine.client.command({ query: 'CREATE TABLE opentrail.kept (a UInt8) ENGINE = MergeTree ORDER BY a' })
    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      const pid = engine.pid() as number
      process.kill(pid, signal)
      await until(() => !isRunning(pid) && engine.pid() !== undefined, signal)
      await until(() => answers(engine), `an answer after ${signal}`)
      await engine.client.command({ query: 'SELECT * FROM opentrail.kept' })
    }
    assert.equal(of('hung').length, 1)
    assert.equal(of('store-moved-aside').length, 0)
    const last = engine.pid() as number
    await engine.close()
    assert.equal(isRunning(last), false)
    rmSync(directory, { recursive: true })
  })

  test('a store that cannot be opened is moved aside and an empty one started', async () => {
    const directory = await temporary()
    const first = await started(directory)
    await first.engine.client.command({ query: 'CREATE TABLE opentrail.gone (a UInt8) ENGINE = MergeTree ORDER BY a' })
    await first.engine.close()
    const metadata = join(directory, 'store', 'metadata')
    for (const name of readdirSync(metadata, { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.sql')) writeFileSync(join(metadata, name), 'not SQL')
    const { engine, of } = await started(directory)
    assert.equal(of('store-moved-aside').length, 1)
    assert.ok(existsSync(join(directory, 'store.corrupt-1')))
    assert.equal(await codeOf(engine.client.command({ query: 'SELECT * FROM opentrail.gone' })), '60 UNKNOWN_TABLE')
    await engine.close()
    rmSync(directory, { recursive: true })
  })

  test('a long directory name does not keep the socket from being made', async () => {
    const base = await temporary()
    const { engine } = await started(join(base, 'x'.repeat(120)))
    assert.ok(await answers(engine))
    await engine.close()
    rmSync(base, { recursive: true })
  })

  test('the child ends with its parent, even in the middle of a query, and a new parent can start at once', async () => {
    const directory = await temporary()
    const parent = fork(new URL('./parent.testing.ts', import.meta.url), [directory])
    const pid = await new Promise<number>((resolve) => parent.once('message', (message) => resolve(message as number)))
    assert.ok(isRunning(pid))
    parent.kill('SIGKILL')
    const { engine } = await started(directory)
    assert.notEqual(engine.pid(), pid)
    await until(() => !isRunning(pid), 'the orphan to end')
    assert.ok(await answers(engine))
    await engine.close()
    rmSync(directory, { recursive: true })
  })

  test('a predecessor that is stuck is ended', async () => {
    const directory = await temporary()
    const parent = fork(new URL('./parent.testing.ts', import.meta.url), [directory])
    const pid = await new Promise<number>((resolve) => parent.once('message', (message) => resolve(message as number)))
    process.kill(pid, 'SIGSTOP')
    parent.kill('SIGKILL')
    const { engine, of } = await started(directory)
    assert.deepEqual(of('predecessor-ended'), [{ kind: 'predecessor-ended', pid }])
    assert.ok(await answers(engine))
    await engine.close()
    rmSync(directory, { recursive: true })
  })
})
