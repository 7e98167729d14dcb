import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'vitest'
import { temporaryDirectory } from '../cli.testing.ts'
import { openDirectoryLogStore } from './directory-log-store.ts'
import { findLogFiles } from './find-log-files.ts'
import { narrowingOf, type NarrowingFlags } from './narrowing.ts'
import { createSkipList } from './skipped.ts'

const now = Date.parse('2026-03-05T00:00:00Z')
const [one, two] = ['111122223333', '210000000001']

function key(account: string, region: string, stamp: string, { kind = 'CloudTrail', before = '' } = {}): string {
  const day = `${stamp.slice(0, 4)}/${stamp.slice(4, 6)}/${stamp.slice(6, 8)}`
  const name = `${account}_${kind}_${region}_${stamp}Z_0aZ9bY8cX7dW6eV5.json.gz`
  return `AWSLogs/${before}${account}/${kind}/${region}/${day}/${name}`
}

function bucket(...keys: string[]): string {
  const root = temporaryDirectory()
  for (const each of keys) {
    mkdirSync(dirname(join(root, each)), { recursive: true })
    writeFileSync(join(root, each), 'x')
  }
  return root
}

async function find(path: string, flags: NarrowingFlags = {}) {
  const store = await openDirectoryLogStore(path)
  const skipped = createSkipList()
  const found: string[] = []
  for await (const { files } of findLogFiles({ store, narrowing: narrowingOf(flags, now), skipped }))
    found.push(...files.map((file) => file.key))
  return { found, skipped: Object.fromEntries([...skipped.counts].map(([reason, { count }]) => [reason, count])) }
}

describe('log files are found', () => {
  test('of several accounts and Regions, with a prefix and in an organization, the newest day first', async () => {
    const keys = [
      `logs/${key(one, 'eu-west-1', '20260304T1015')}`,
      `logs/${key(one, 'eu-west-1', '20260304T1010')}`,
      `logs/${key(two, 'us-east-1', '20260303T2355', { before: 'o-abc123/' })}`,
      `logs/${key(one, 'us-east-1', '20260303T1000', { kind: 'CloudTrail-Insight' })}`,
      `logs/${key(one, 'eu-west-1', '20251231T2355')}`,
    ]
    const { found, skipped } = await find(bucket(...keys.toReversed()))
    const days = found.map((each) => /\d{8}T/.exec(each)![0])
    assert.deepEqual(days, days.toSorted().toReversed())
    assert.deepEqual(found.toSorted(), keys.toSorted())
    assert.deepEqual(found.slice(0, 2), keys.slice(0, 2))
    assert.deepEqual(skipped, {})
  })

  test('below a folder of the layout, too', async () => {
    const keys = [key(one, 'eu-west-1', '20260304T1015'), key(one, 'eu-west-1', '20260204T1015')]
    const root = bucket(...keys)
    for (const folder of ['AWSLogs', `AWSLogs/${one}/CloudTrail/eu-west-1`, `AWSLogs/${one}/CloudTrail/eu-west-1/2026`])
      assert.deepEqual(
        (await find(join(root, folder))).found.map((each) => `${folder}/${each}`),
        keys,
        folder,
      )
  })

  test('where they lie loose, by any name that ends as JSON does; one file alone, as well', async () => {
    const root = bucket('a.json', 'b.json.gz', 'c.ndjson', 'deep/d.jsonl.gz', 'notes.txt')
    symlinkSync('/etc/passwd', join(root, 'e.json'))
    const { found, skipped } = await find(root)
    assert.deepEqual(found.toSorted(), ['a.json', 'b.json.gz', 'c.ndjson', 'deep/d.jsonl.gz'])
    assert.deepEqual(skipped, { 'other-file': 1, link: 1 })
    assert.deepEqual((await find(join(root, 'b.json.gz'))).found, ['b.json.gz'])
  })
})

describe('what is skipped says why', () => {
  test('digests, manifests and other files', async () => {
    const digest = key(one, 'eu-west-1', '20260304T1015', { kind: 'CloudTrail-Digest' })
    const manifest = key(one, 'eu-west-1', '20260304T1015', { kind: 'OpenTrail-Manifest' })
    const { found, skipped } = await find(bucket(digest, manifest, 'README.md', digest.split('/').at(-1)!))
    assert.deepEqual(found, [])
    assert.deepEqual(skipped, { digest: 2, manifest: 1, 'other-file': 1 })
  })

  test('other accounts, Regions and times, and their folders are not listed', async () => {
    const wanted = key(one, 'eu-west-1', '20260304T1015')
    const root = bucket(
      wanted,
      key(two, 'eu-west-1', '20260304T1015'),
      key(one, 'us-east-1', '20260304T1015'),
      key(one, 'eu-west-1', '20260301T1015'),
      key(one, 'eu-west-1', '20250301T1015'),
    )
    const flags = { from: '2026-03-04', to: 'now', account: one, logRegion: 'eu-west-1' }
    const { found, skipped } = await find(root, flags)
    assert.deepEqual(found, [wanted])
    assert.deepEqual(skipped, { 'other-account': 1, 'other-region': 1, 'other-time': 2 })
  })

  test('an event at the end of the range is in a file that was planned after it', async () => {
    const late = key(one, 'eu-west-1', '20260304T1015')
    assert.deepEqual((await find(bucket(late), { to: '2026-03-04T10:00:00Z' })).found, [late])
    assert.deepEqual((await find(bucket(late), { to: '2026-03-04T07:00:00Z' })).found, [])
  })
})

test.each([{ account: '12' }, { logRegion: 'EU WEST' }, { from: 'now', to: '2020-01-01' }])(
  'misuse of %o is told',
  async (flags) => {
    await assert.rejects(find(bucket('a.json'), flags), { name: 'CommandError', exitCode: 2 })
  },
)
