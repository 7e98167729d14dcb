import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { dataPaths, openDataDirectory } from './data-directory.ts'
import { DirectoryLockedError } from './directory-lock.ts'
import { DataDirectoryError, type Migration } from './format.ts'

let parent: string
let root: string
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'opentrail-data-'))
  root = join(parent, 'a', 'data')
})
afterEach(() => rm(parent, { recursive: true }))

const formatText = () => readFile(dataPaths(root).format, 'utf8')

const spawnHolder = async () => {
  const program = fileURLToPath(new URL('./hold-lock.testing.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, program, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [output] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [unknown]
  assert.equal(String(output), 'locked\n')
  return child
}

const at = (format: number) => ({ format, minReader: format })
/** Migrations that write down that they ran. */
const migrationsTo = (ran: number[], failing?: number): Migration[] =>
  [1, 2, 3].map((from) => ({
    from,
    minReader: from + 1,
    name: `step ${from}`,
    async run(directory) {
      ran.push(from)
      await writeFile(join(directory, 'spool', `step-${from}`), 'done')
      if (from === failing) throw new Error('the power went')
    },
  }))

describe('making and opening', () => {
  test('a new directory is for its owner alone and says its format', async () => {
    const directory = await openDataDirectory(root)
    assert.equal((await stat(root)).mode & 0o777, 0o700)
    assert.deepEqual(JSON.parse(await formatText()), { format: 1, minReader: 1 })
    assert.deepEqual(directory.paths, dataPaths(root))
    for (const path of ['control', 'journal', 'history', 'spool'])
      assert.equal((await stat(join(root, path))).mode & 0o777, 0o700)
    await directory.close()
    await directory.close()
    assert.deepEqual(await readdir(join(root, 'lock')), [])
    await (await openDataDirectory(root)).close()
  })

  test('one that others can read is closed to them', async () => {
    await mkdir(root, { recursive: true })
    await chmod(root, 0o755)
    await (await openDataDirectory(root)).close()
    assert.equal((await stat(root)).mode & 0o777, 0o700)
  })

  test('somebody else’s directory is left as it is', async () => {
    await mkdir(root, { recursive: true })
    await writeFile(join(root, 'thesis.txt'), 'x')
    await chmod(root, 0o755)
    await assert.rejects(openDataDirectory(root), /no FORMAT file but other things in it \(thesis.txt\)/)
    assert.deepEqual(await readdir(root), ['thesis.txt'])
    assert.equal((await stat(root)).mode & 0o777, 0o755)
    await writeFile(join(parent, 'file'), '')
    await assert.rejects(openDataDirectory(join(parent, 'file')), DataDirectoryError)
  })

  test('a first start that was cut off, and a root key laid down before, are taken over', async () => {
    await mkdir(join(root, 'lock'), { recursive: true })
    await writeFile(join(root, 'root.key'), 'key')
    await writeFile(join(root, '.FORMAT.123.next'), '{"for')
    await (await openDataDirectory(root)).close()
    assert.equal(await readFile(join(root, 'root.key'), 'utf8'), 'key')
  })
})

describe('the lock', () => {
  test('a second server is refused, naming the first', async () => {
    const holder = await spawnHolder()
    try {
      await assert.rejects(openDataDirectory(root), (error) => {
        assert.ok(error instanceof DirectoryLockedError)
        assert.equal(error.pid, holder.pid)
        assert.match(error.message, new RegExp(`in use by another OpenTrail server \\(process ${holder.pid}\\)`))
        return true
      })
      // A stopped process still has its directory.
      holder.kill('SIGSTOP')
      await assert.rejects(openDataDirectory(root), DirectoryLockedError)
    } finally {
      holder.kill('SIGKILL')
      await once(holder, 'exit')
    }
    // Killed, it leaves its socket behind and no lock.
    assert.equal((await readdir(join(root, 'lock'))).length, 1)
    const next = await openDataDirectory(root)
    assert.equal((await readdir(join(root, 'lock'))).length, 1)
    await next.close()
  })

  test('a refused server leaves the holder’s lock as it is', async () => {
    const holder = await openDataDirectory(root)
    for (let attempt = 0; attempt < 3; attempt++) await assert.rejects(openDataDirectory(root), DirectoryLockedError)
    assert.equal((await readdir(join(root, 'lock'))).length, 1)
    await holder.close()
  })

  test('of many at once at most one gets it, and then another can', async () => {
    for (let round = 0; round < 5; round++) {
      const results = await Promise.allSettled(Array.from({ length: 6 }, () => openDataDirectory(root)))
      const holders = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value)
      assert.ok(holders.length <= 1, `${holders.length} hold the lock`)
      for (const holder of holders) await holder.close()
      await (await openDataDirectory(root)).close()
    }
  })

  test('works where the path is too long for a socket', async () => {
    root = join(parent, 'x'.repeat(100), 'y'.repeat(100))
    const holder = await openDataDirectory(root)
    await assert.rejects(openDataDirectory(root), DirectoryLockedError)
    await holder.close()
    await (await openDataDirectory(root)).close()
  })
})

describe('formats', () => {
  test('one that needs a newer program is refused and not touched', async () => {
    await (await openDataDirectory(root)).close()
    await writeFile(dataPaths(root).format, '{"format":3,"minReader":2}')
    await assert.rejects(openDataDirectory(root), /written by a newer OpenTrail \(format 3\): this one knows format 1/)
    assert.equal(await formatText(), '{"format":3,"minReader":2}')
    // The lock was let go.
    await writeFile(dataPaths(root).format, '{"format":3,"minReader":1}')
    const directory = await openDataDirectory(root)
    assert.deepEqual(directory.format, { format: 3, minReader: 1 })
    await directory.close()
    assert.equal(await formatText(), '{"format":3,"minReader":1}')
  })

  test('a damaged FORMAT file is said to be damaged', async () => {
    await (await openDataDirectory(root)).close()
    for (const text of [
      '',
      '{',
      '[]',
      'null',
      '{"format":1}',
      '{"format":0,"minReader":1}',
      '{"format":"1","minReader":1}',
    ]) {
      await writeFile(dataPaths(root).format, text)
      await assert.rejects(openDataDirectory(root), /is damaged/, text)
    }
  })

  test('migrations run in order, once', async () => {
    await (await openDataDirectory(root)).close()
    const ran: number[] = []
    for (let opening = 0; opening < 2; opening++)
      await (await openDataDirectory(root, { current: at(4), migrations: migrationsTo(ran).toReversed() })).close()
    assert.deepEqual(ran, [1, 2, 3])
    assert.deepEqual(JSON.parse(await formatText()), at(4))
    const fresh = await openDataDirectory(join(parent, 'fresh'), { current: at(4), migrations: migrationsTo(ran) })
    assert.deepEqual(ran, [1, 2, 3])
    await fresh.close()
  })

  test('one that is cut off is run again, those before it are not', async () => {
    await (await openDataDirectory(root)).close()
    for (const failing of [1, 2, 3]) {
      const ran: number[] = []
      await writeFile(dataPaths(root).format, '{"format":1,"minReader":1}')
      const migrations = migrationsTo(ran, failing)
      await assert.rejects(openDataDirectory(root, { current: at(4), migrations }), /"step \d" .* can be tried again/)
      assert.equal((JSON.parse(await formatText()) as { format: number }).format, failing)
      await (await openDataDirectory(root, { current: at(4), migrations: migrationsTo(ran) })).close()
      assert.deepEqual(
        ran,
        [1, 2, 3].flatMap((step) => (step === failing ? [step, step] : [step])),
      )
    }
  })

  test('a format that nothing leads out of is refused', async () => {
    await (await openDataDirectory(root)).close()
    const migrations = migrationsTo([]).slice(1)
    await assert.rejects(openDataDirectory(root, { current: at(4), migrations }), /can no longer be migrated/)
  })
})
