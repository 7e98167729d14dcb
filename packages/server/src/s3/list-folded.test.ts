import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { listFolded, type ListQuestion } from './list-folded.ts'
import { testBuckets } from './s3.testing.ts'

async function bucketOf(keys: readonly string[]) {
  const { store, put } = await testBuckets('logs')
  for (const key of keys) await put('logs', key)
  const counts = { questions: 0, read: 0 }
  const list = (question: ListQuestion) =>
    listFolded(async ({ last, ...page }) => {
      const after = last?.key ?? question.after
      const found = await store.objects.listObjects('logs', { ...page, ...(after !== '' && { after }) })
      counts.questions += 1
      counts.read += found.objects.length
      return { items: found.objects, isTruncated: found.isTruncated }
    }, question)
  return { list, counts }
}
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** What S3 would list, told the long way. */
function expected(keys: readonly string[], prefix: string, delimiter: string): string[] {
  const names = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      return at < 0 ? key : key.slice(0, at + delimiter.length)
    })
  return [...new Set(names)].sort(byBytes)
}

const keyPiece = fc.constantFrom('a', 'b', '/', '//', 'é', '\u{10ffff}', '\uffff', '-')
const keyList = fc.uniqueArray(
  fc.array(keyPiece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join('')),
  {
    maxLength: 40,
  },
)

describe('pages', () => {
  test('walked by any page size they bring each name once, in order', async () => {
    const question = fc.record({
      keys: keyList,
      prefix: fc.constantFrom('', 'a', 'a/', '/'),
      delimiter: fc.constantFrom('', '/', '//', 'a'),
      limit: fc.integer({ min: 1, max: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(question, async ({ keys, prefix, delimiter, limit }) => {
        const { list } = await bucketOf(keys)
        const names: string[] = []
        for (let after = '', more = true; more;) {
          const page = await list({ prefix, delimiter, after, limit })
          assert.ok(page.entries.length <= limit)
          assert.ok(page.entries.length > 0 || !page.isTruncated)
          names.push(...page.entries.map(({ name }) => name))
          after = names.at(-1) ?? ''
          more = page.isTruncated
        }
        assert.deepEqual(names, expected(keys, prefix, delimiter))
      }),
    )
  })

  test('names as long as a key can be are passed, too', async () => {
    const long = `${'x'.repeat(1_021)}/`
    const { list } = await bucketOf([`${long}a`, `${long}b`, `${long}c`, 'y', 'z'])
    const names: string[] = []
    for (let after = '', more = true; more; after = names.at(-1)!) {
      const page = await list({ prefix: '', delimiter: '/', after, limit: 1 })
      names.push(...page.entries.map(({ name }) => name))
      more = page.isTruncated
    }
    assert.deepEqual(names, [long, 'y', 'z'])
  })

  test('a folder costs one question, however much is in it', async () => {
    const keys = Array.from({ length: 400 }, (_, number) => `${number < 200 ? 'a' : 'b'}/${number}`)
    const { list, counts } = await bucketOf(keys)
    const page = await list({ prefix: '', delimiter: '/', after: '', limit: 1_000 })
    assert.deepEqual(
      page.entries.map(({ name }) => name),
      ['a/', 'b/'],
    )
    assert.ok(counts.questions <= 3)
  })

  test('what is folded is not read; what is not comes in large pages', async () => {
    const folders = Array.from({ length: 20 }, (_, folder) => `f${String(folder).padStart(2, '0')}`)
    const keys = folders.flatMap((folder) => Array.from({ length: 20 }, (_, number) => `${folder}/${number}`))
    const { list, counts } = await bucketOf(keys)
    const question = { delimiter: '/', after: '', limit: 1_000 }
    assert.equal((await list({ ...question, prefix: '' })).entries.length, 20)
    assert.ok(counts.read <= 9 * folders.length, `${counts.read} objects were read for ${folders.length} folders`)
    counts.questions = 0
    assert.equal((await list({ ...question, prefix: 'f00/' })).entries.length, 20)
    assert.ok(counts.questions <= 2)
  })
})
