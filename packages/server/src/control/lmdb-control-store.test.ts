import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'vitest'
import { controlStoreContract } from './control-store.contract.ts'
import { openLmdbControlStore } from './lmdb-control-store.ts'

controlStoreContract('lmdb', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'opentrail-control-'))
  let store = openLmdbControlStore(directory)
  return {
    store,
    async reopen() {
      await store.close()
      return (store = openLmdbControlStore(directory))
    },
    async dispose() {
      await store.close()
      await rm(directory, { recursive: true })
    },
  }
})

/** Runs the writer, kills it after some acknowledgements, and tells what it had acknowledged. */
async function acknowledgedBeforeKill(directory: string, round: number): Promise<string[]> {
  const program = fileURLToPath(new URL('./kill-writer.testing.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, program, directory, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let output = ''
  for await (const chunk of child.stdout) {
    output += String(chunk)
    if (output.split('\n').length > 50 + 40 * round) child.kill('SIGKILL')
  }
  const [, signal] = (await exited) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL')
  // The last line may be torn: only whole ones were acknowledged.
  return output.slice(0, output.lastIndexOf('\n')).split('\n')
}

test('kill -9 loses nothing acknowledged and tears no transaction', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'opentrail-control-kill-'))
  const acknowledged: string[] = []
  for (let round = 0; round < 3; round++) {
    acknowledged.push(...(await acknowledgedBeforeKill(directory, round)))
    const store = openLmdbControlStore(directory)
    for (const id of acknowledged) assert.ok(await store.get(`left/${id}`), `${id} was acknowledged and is gone`)
    const left = await store.list('left/', { limit: 10_000 })
    const right = await store.list('right/', { limit: 10_000 })
    const bare = (documents: typeof left) => documents.map(({ key, ...rest }) => ({ id: key.split('/')[1], ...rest }))
    assert.deepEqual(bare(left), bare(right))
    await store.close()
  }
  assert.ok(acknowledged.length > 150)
  await rm(directory, { recursive: true })
})
