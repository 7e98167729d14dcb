import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, test } from 'vitest'
import { systemRandom } from '../clock/index.ts'
import { RootKeyError } from './root-key.ts'
import { loadRootKey, type RootKeySource } from './root-key-source.ts'

const bytes = randomBytes(32)
const load = (source: RootKeySource, mayCreate = false) =>
  loadRootKey(source, { random: systemRandom, mayCreate, timeoutMs: 5_000 })
const environment = (value?: string): RootKeySource => ({ kind: 'environment', variable: 'TRAIL_KEY', value })
const command = (text: string): RootKeySource => ({ kind: 'command', command: text })

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opentrail-root-key-'))
  path = join(directory, 'root.key')
})
afterEach(() => rm(directory, { recursive: true }))

test('every source and notation gives the same key', async () => {
  const notations = [
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
  ]
  const ids = new Set<string>()
  for (const notation of notations) {
    await writeFile(path, `${notation}\n`, { mode: 0o600 })
    const sources: RootKeySource[] = [
      { kind: 'file', path },
      { kind: 'generated', path },
      environment(notation),
      command(`cat ${path}`),
    ]
    for (const source of sources) {
      const { id, key } = await load(source)
      ids.add(id)
      assert.deepEqual(key.export(), bytes)
    }
  }
  assert.equal(ids.size, 1)
})

test('a generated file is for its owner alone, is kept, and is made only when it may be', async () => {
  await assert.rejects(load({ kind: 'generated', path }), /is missing/)
  const { id } = await load({ kind: 'generated', path }, true)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  const text = await readFile(path, 'utf8')
  assert.equal((await load({ kind: 'generated', path }, true)).id, id)
  assert.equal(await readFile(path, 'utf8'), text)
  await assert.rejects(load({ kind: 'file', path: `${path}2` }, true), /is missing/)
})

test('a file that others may read or write is refused', async () => {
  await writeFile(path, bytes.toString('hex'))
  for (const mode of [0o644, 0o640, 0o604, 0o620, 0o601]) {
    await chmod(path, mode)
    await assert.rejects(load({ kind: 'file', path }), /is open to others \(mode 06/)
  }
  const link = join(directory, 'link')
  await symlink(path, link)
  await assert.rejects(load({ kind: 'file', path: link }), /is open to others/)
  await chmod(path, 0o400)
  await load({ kind: 'file', path: link })
  await assert.rejects(load({ kind: 'file', path: directory }), RootKeyError)
})

test('what is no key is refused without repeating it', async () => {
  const secret = 'correct horse battery staple'
  const cases: [RootKeySource, RegExp][] = [
    [environment(), /TRAIL_KEY is not set/],
    [environment(''), /TRAIL_KEY is not set/],
    [environment(secret), /does not hold a root key/],
    [environment(randomBytes(16).toString('base64')), /of 16 bytes; it must have 32/],
    [environment(randomBytes(33).toString('base64')), /of 33 bytes/],
    [environment(bytes.toString('hex').slice(1)), /of 47 bytes/],
    [command(`echo '${secret}'; exit 3`), /failed with exit code 3/],
    [command(`echo '${secret}'`), /the output of the root key command does not hold/],
    [command('true'), /does not hold a root key/],
    [command('head -c 100000 /dev/zero'), /printed more than 1024 bytes/],
    [command('kill -TERM $$'), /was ended by SIGTERM/],
  ]
  for (const [source, message] of cases)
    await assert.rejects(load(source), (error) => {
      assert.ok(error instanceof RootKeyError)
      assert.match(error.message, message)
      assert.ok(!inspect(error).includes(secret))
      return true
    })
  await writeFile(path, 'x'.repeat(2_000), { mode: 0o600 })
  await assert.rejects(load({ kind: 'file', path }), /too long for a key/)
})

test('a command that does not end is ended', async () => {
  const hanging = loadRootKey(command('exec sleep 1000'), { random: systemRandom, mayCreate: false, timeoutMs: 50 })
  await assert.rejects(hanging, /did not end within 0.05 s/)
})
