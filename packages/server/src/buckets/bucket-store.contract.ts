import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { BucketError, type BucketStore, type NewObject, type ObjectAttributes } from './bucket-store.ts'

export interface BucketStoreFixture {
  readonly store: BucketStore
  /** There, and nothing in it begins with `prefix`. */
  readonly bucket: string
  /** Put in front of each key, so that a bucket can be shared with other tests: '' or one that ends with '/'. */
  readonly prefix: string
  /** A valid name of no bucket. */
  readonly absentBucket: string
  /** The same objects, opened again. Without it the store is not reopened. */
  reopen?(): Promise<BucketStore>
  /** Makes the bucket's policy refuse each delivery. Without it the store keeps no policies of its own. */
  refuseDeliveries?(): Promise<void>
  dispose(): Promise<void>
}

/** Where a store is less than the port; what is not said is promised. */
export interface BucketStoreTraits {
  /** Keys with `.` and `..` segments, with `//`, or beginning with `/` are refused, as some S3-compatible stores do. */
  readonly refusesPathLikeKeys?: boolean
  /** Keys such as `a` and `a/b` cannot be side by side, as in stores that keep keys as files. */
  readonly refusesKeysBelowKeys?: boolean
  /** The store takes keys with NUL. */
  readonly takesNul?: boolean
}

const owner = { kind: 'owner' } as const
const delivery = {
  kind: 'delivery',
  trailArn: 'arn:aws:cloudtrail:eu-central-1:111122223333:trail/main',
  account: '111122223333',
} as const
const bytesMax = 64 * 1024 * 1024
const text = (content: string): Uint8Array => Buffer.from(content)
const spelledOddly = [
  'A',
  'a ',
  ' a',
  'a+b',
  'a%2Fb',
  'a%20b',
  'a?b',
  'a#b',
  'a&b=c',
  'a\\b',
  "a'b",
  'a"b',
  'a<b>',
  '~',
  'a:b',
]
/** Listings tell times to the millisecond, headers to the second. */
const clockStepMs = 1_000
/** A body of this size is sent once; a remote store may take a while. */
const largeBytes = 50 * 1024 * 1024
const largeTimeoutMs = 120_000

/** What every bucket store promises. Every test opens a fixture of its own, so a real remote store can be tested, too. */
export function bucketStoreContract(
  name: string,
  open: () => Promise<BucketStoreFixture>,
  traits: BucketStoreTraits = {},
): void {
  describe(`bucket store: ${name}`, () => {
    let fixture: BucketStoreFixture
    let store: BucketStore
    beforeEach(async () => {
      fixture = await open()
      store = fixture.store
    })
    afterEach(() => fixture.dispose())

    const at = (key: string): string => `${fixture.prefix}${key}`
    const put = (key: string, content: string, rest: Partial<NewObject> = {}): Promise<{ etag: string }> =>
      store.put({ bucket: fixture.bucket, key: at(key), body: text(content), caller: owner, ...rest })
    const read = async (key: string): Promise<string> =>
      Buffer.from((await store.get(fixture.bucket, at(key), { bytesMax })).body).toString()
    const listed = async (options: { prefix?: string; after?: string; limit?: number } = {}): Promise<string[]> => {
      const page = await store.list(fixture.bucket, {
        prefix: at(options.prefix ?? ''),
        ...(options.after !== undefined && { after: at(options.after) }),
        ...(options.limit !== undefined && { limit: options.limit }),
      })
      return page.objects.map(({ key }) => key.slice(fixture.prefix.length))
    }

    test('an object is read back byte by byte, with one ETag, size and time everywhere', async () => {
      const body = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 31 + (index >> 8)) & 0xff)
      const { etag } = await store.put({ bucket: fixture.bucket, key: at('logs/bytes.bin'), body, caller: owner })
      assert.match(etag, /^[^"]+$/)
      const { body: found, ...got } = await store.get(fixture.bucket, at('logs/bytes.bin'), { bytesMax })
      assert.ok(Buffer.from(found).equals(body))
      const head = await store.head(fixture.bucket, at('logs/bytes.bin'))
      const [entry] = (await store.list(fixture.bucket, { prefix: at('logs/') })).objects
      for (const object of [got, head, entry!]) {
        assert.equal(object.key, at('logs/bytes.bin'))
        assert.equal(object.size, body.length)
        assert.equal(object.etag, etag)
        assert.ok(Math.abs(object.lastModified - head.lastModified) < clockStepMs)
      }
    })

    test('a body that is a part of a larger buffer is stored as that part', async () => {
      const whole = text('---part---')
      await put('part', '', { body: whole.subarray(3, 7) })
      assert.equal(await read('part'), 'part')
    })

    test('headers and metadata are kept exactly', async () => {
      const cases: Required<ObjectAttributes>[] = [
        {
          contentType: 'application/json',
          contentEncoding: 'gzip',
          metadata: {
            'start-time': '2026-11-21T14:00:00Z',
            signature: 'ab'.repeat(256),
            'x-y.z_1': '= "quoted", a; b',
          },
        },
        { contentType: 'application/x-gzip', contentEncoding: 'aws-test', metadata: { one: '1' } },
      ]
      for (const [index, attributes] of cases.entries()) {
        await put(`attributes-${index}`, 'x', attributes)
        const got = await store.get(fixture.bucket, at(`attributes-${index}`), { bytesMax })
        const head = await store.head(fixture.bucket, at(`attributes-${index}`))
        for (const { contentType, contentEncoding, metadata } of [got, head])
          assert.deepEqual({ contentType, contentEncoding, metadata: { ...metadata } }, attributes)
      }
    })

    test('no content encoding and no metadata stay none', async () => {
      await put('bare', 'x')
      const head = await store.head(fixture.bucket, at('bare'))
      assert.equal(head.contentEncoding, undefined)
      assert.deepEqual(head.metadata ?? {}, {})
    })

    test('a body with gzip as its encoding is not unpacked', async () => {
      const body = Buffer.from('H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==', 'base64')
      await put('log.json.gz', '', { body, contentEncoding: 'gzip', contentType: 'application/json' })
      assert.ok(body.equals((await store.get(fixture.bucket, at('log.json.gz'), { bytesMax })).body))
    })

    test('a put over an object replaces its content and all that it carried', async () => {
      const { etag } = await put('key', 'first, and longer', { contentEncoding: 'gzip', metadata: { old: 'yes' } })
      const second = await put('key', 'second', { contentType: 'text/plain', metadata: { new: 'yes' } })
      assert.notEqual(second.etag, etag)
      assert.equal(await read('key'), 'second')
      const head = await store.head(fixture.bucket, at('key'))
      assert.deepEqual({ ...head.metadata }, { new: 'yes' })
      assert.equal(head.contentEncoding, undefined)
      assert.equal(head.size, 6)
      assert.deepEqual(await listed(), ['key'])
    })

    test('an empty body is an object', async () => {
      await put('empty', '')
      assert.equal((await store.head(fixture.bucket, at('empty'))).size, 0)
      assert.equal(await read('empty'), '')
      assert.deepEqual(await listed(), ['empty'])
    })

    test(
      'a large body comes back whole, and not where less was asked for',
      async () => {
        const body = Buffer.alloc(largeBytes, 'no two megabytes of this are the same: ')
        for (let at = 0; at < body.length; at += 1024 * 1024) body.writeUInt32LE(at, at)
        await put('large', '', { body })
        const { objects } = await store.list(fixture.bucket, { prefix: at('large') })
        assert.equal(objects[0]!.size, largeBytes)
        await assert.rejects(
          store.get(fixture.bucket, at('large'), { bytesMax: largeBytes - 1 }),
          withCode('EntityTooLarge'),
        )
        assert.ok(body.equals((await store.get(fixture.bucket, at('large'), { bytesMax: largeBytes })).body))
      },
      largeTimeoutMs,
    )

    test('an absent key, an absent bucket and a name of no bucket say so', async () => {
      const { bucket, absentBucket } = fixture
      await put('a/b', 'x')
      for (const key of ['a', 'a/', 'a/b/', 'a/b/c', 'A/b']) {
        await assert.rejects(store.get(bucket, at(key), { bytesMax }), withCode('NoSuchKey'), key)
        await assert.rejects(store.head(bucket, at(key)), withCode('NoSuchKey'), key)
      }
      const everyCall = (name: string): (() => Promise<unknown>)[] => [
        () => store.headBucket(name),
        () => store.policy(name),
        () => store.put({ bucket: name, key: at('k'), body: text('x'), caller: owner }),
        () => store.get(name, at('k'), { bytesMax }),
        () => store.head(name, at('k')),
        () => store.list(name, {}),
      ]
      for (const call of everyCall(absentBucket)) await assert.rejects(call, withCode('NoSuchBucket'), String(call))
      for (const name of ['', '..', 'a/b', '../../etc', 'UPPER', `${absentBucket}\0`, 'x'.repeat(5_000)])
        for (const call of everyCall(name))
          await assert.rejects(call, withCode('InvalidBucketName', 'NoSuchBucket'), `${name} ${String(call)}`)
    })

    test('a bucket that is there answers, and its policy is a text or none', async () => {
      const { region } = await store.headBucket(fixture.bucket)
      assert.ok(region === undefined || region.length > 0)
      const policy = await store.policy(fixture.bucket)
      assert.ok(policy === undefined || typeof policy === 'string')
    })

    test('a policy that refuses a delivery leaves nothing behind, and the owner is not asked for it', async () => {
      if (!fixture.refuseDeliveries) return
      await put('before', 'x', { caller: delivery })
      await fixture.refuseDeliveries()
      await assert.rejects(put('key', 'x', { caller: delivery }), withCode('AccessDenied'))
      await assert.rejects(put('before', 'y', { caller: delivery }), withCode('AccessDenied'))
      assert.equal(await read('before'), 'x')
      assert.deepEqual(await listed(), ['before'])
      await put('key', 'x')
      assert.equal(await read('key'), 'x')
    })

    test('keys that differ in anything are different objects', async () => {
      const keys = [
        ...(traits.refusesKeysBelowKeys ? ['a'] : ['a', 'a/', 'a/b', 'a/b/', 'a/b/c']),
        ...(traits.refusesPathLikeKeys ? [] : ['a//b', '..', '../a', 'x/../a', './a', '.']),
        ...spelledOddly,
        // The same to the eye: composed and decomposed.
        '\u00e9',
        'e\u0301',
        '\u{1F600}',
        '\uFFFD',
        '\u65E5\u672C',
      ]
      await Promise.all(keys.map((key) => put(key, `content of ${key}`)))
      for (const key of keys) assert.equal(await read(key), `content of ${key}`)
      assert.deepEqual(await listed(), inByteOrder(keys))
    })

    test('a key may begin with a slash, where nothing is in front of it', async () => {
      if (traits.refusesPathLikeKeys || fixture.prefix !== '') return
      for (const key of ['/a', '//a', '/']) await put(key, key)
      assert.deepEqual(await listed({ prefix: '/' }), ['/', '//a', '/a'])
      assert.equal(await read('/a'), '/a')
    })

    test('a key has 1 to 1,024 bytes of well-formed text', async () => {
      const room = 1_024 - Buffer.byteLength(fixture.prefix)
      // Segments of 200: a store that keeps keys as files may have a limit of its own for each.
      const longest = 'k'.repeat(room).replace(/(.{200})./g, '$1/')
      await put(longest, 'longest')
      assert.equal(await read(longest), 'longest')
      await assert.rejects(put(`${longest}k`, 'x'), withCode('KeyTooLongError'))
      await assert.rejects(put('\u00e9'.repeat((room >> 1) + 1), 'x'), withCode('KeyTooLongError'))
      const place = { bucket: fixture.bucket, body: text('x'), caller: owner }
      await assert.rejects(store.put({ ...place, key: '' }), isBucketError)
      await assert.rejects(put('lone \uD800 surrogate', 'x'), isBucketError)
      if (!traits.takesNul) await assert.rejects(put('nul \0 inside', 'x'), isBucketError)
      assert.deepEqual(await listed(), [longest])
    })

    test('metadata that no header can hold is refused', async () => {
      for (const metadata of [{ 'a b': 'x' }, { a: 'line\r\nx-amz-acl: public-read' }, { a: 'nul\0' }])
        await assert.rejects(put('key', 'x', { metadata }), isBucketError)
      await assert.rejects(put('key', 'x', { metadata: { a: 'x'.repeat(2_100) } }), withCode('MetadataTooLarge'))
      assert.deepEqual(await listed(), [])
    })

    test('a listing goes in the order of UTF-8 bytes, astral characters behind all others', async () => {
      const keys = ['b', 'a', 'B', '\u{10000}', '\uFFFD', '\uE000', '\u{10FFFF}', 'z', '\u00e4', 'a0', 'a!', 'a-']
      await Promise.all(keys.map((key) => put(key, '')))
      assert.deepEqual(await listed(), inByteOrder(keys))
      assert.ok(keys.toSorted().join() !== inByteOrder(keys).join(), 'UTF-16 order would do as well')
    })

    test('a listing keeps to its prefix, which is no folder', async () => {
      const keys = ['log/1', 'log/2', 'log', 'logs/1', 'log-1', 'lo', 'm']
      await Promise.all(keys.map((key) => put(traits.refusesKeysBelowKeys && key === 'log' ? 'log0' : key, '')))
      assert.deepEqual(await listed({ prefix: 'log/' }), ['log/1', 'log/2'])
      assert.deepEqual(await listed({ prefix: 'logs' }), ['logs/1'])
      assert.deepEqual(await listed({ prefix: 'log/1/' }), [])
      assert.deepEqual((await listed({ prefix: 'lo' })).length, 6)
    })

    test('pages of any size give each key once', async () => {
      const keys = inByteOrder(Array.from({ length: 23 }, (_, n) => `page/${n % 3 ? '\u{1F600}' : 'x'}${n}`))
      await Promise.all(['pag', 'page0', ...keys].map((key) => put(key, '')))
      for (const limit of [1, 2, 7, 22, 23, 24]) {
        const seen: string[] = []
        for (let after: string | undefined; ;) {
          const page = await store.list(fixture.bucket, {
            prefix: at('page/'),
            limit,
            ...(after !== undefined && { after }),
          })
          assert.ok(page.objects.length <= limit)
          seen.push(...page.objects.map(({ key }) => key.slice(fixture.prefix.length)))
          if (!page.isTruncated) break
          after = page.objects.at(-1)!.key
        }
        assert.deepEqual(seen, keys, `limit ${limit}`)
      }
    })

    test('a page may begin behind what is no key, before the prefix or behind it', async () => {
      await Promise.all(['p/1', 'p/2', 'p/3'].map((key) => put(key, '')))
      assert.deepEqual(await listed({ prefix: 'p/', after: 'p/2' }), ['p/3'])
      assert.deepEqual(await listed({ prefix: 'p/', after: 'p/15' }), ['p/2', 'p/3'])
      assert.deepEqual(await listed({ prefix: 'p/', after: 'a' }), ['p/1', 'p/2', 'p/3'])
      assert.deepEqual(await listed({ prefix: 'p/', after: 'p/3' }), [])
      assert.deepEqual(await listed({ prefix: 'p/', after: 'q' }), [])
    })

    test('a put is listed and read as soon as it is answered', async () => {
      for (let round = 0; round < 10; round++) {
        await put('same', `round ${round}`)
        await put(`other-${round}`, '')
        assert.equal(await read('same'), `round ${round}`)
        assert.equal((await listed()).length, round + 2)
      }
    })

    test('concurrent puts of one key leave one of them whole, whoever reads meanwhile', async () => {
      const contents = Array.from({ length: 12 }, (_, n) => String(n).repeat(20_000))
      await put('contested', contents[0]!)
      const readers = Array.from({ length: 20 }, async () => read('contested'))
      await Promise.all(contents.map((content) => put('contested', content)))
      for (const content of [...(await Promise.all(readers)), await read('contested')])
        assert.ok(contents.includes(content), `${content.length} bytes of something else`)
    })

    test('a put only if absent finds the key taken and changes nothing', async () => {
      await put('taken', 'first', { metadata: { by: 'first' } })
      if (!store.supportsConditionalPut(fixture.bucket)) return
      await assert.rejects(put('taken', 'second', { onlyIfAbsent: true }), withCode('PreconditionFailed'))
      assert.equal(await read('taken'), 'first')
      assert.deepEqual({ ...(await store.head(fixture.bucket, at('taken'))).metadata }, { by: 'first' })
      await put('free', 'x', { onlyIfAbsent: true })
      assert.equal(await read('free'), 'x')
    })

    test('of many who put one key only if absent, exactly one wins', async () => {
      if (!store.supportsConditionalPut(fixture.bucket)) return
      const writers = Array.from({ length: 12 }, (_, n) => `writer ${n}`)
      const results = await Promise.allSettled(writers.map((writer) => put('lease', writer, { onlyIfAbsent: true })))
      const winners = writers.filter((_, n) => results[n]!.status === 'fulfilled')
      assert.equal(winners.length, 1)
      for (const result of results)
        // S3 may also answer a race as a conflict, to be tried again.
        if (result.status === 'rejected')
          assert.ok(withCode('PreconditionFailed', 'ConditionalRequestConflict')(result.reason))
      assert.equal(await read('lease'), winners[0])
    })

    test('objects are there after reopening, and a closed store says so', async () => {
      await put('kept', 'content', { metadata: { a: 'b' } })
      if (fixture.reopen) {
        store = await fixture.reopen()
        assert.equal(await read('kept'), 'content')
        assert.deepEqual({ ...(await store.head(fixture.bucket, at('kept'))).metadata }, { a: 'b' })
      }
      await store.close()
      await store.close()
      await assert.rejects(read('kept'), isBucketError)
      await assert.rejects(put('kept', 'x'), isBucketError)
    })
  })
}

const inByteOrder = (keys: readonly string[]): string[] =>
  keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

const isBucketError = (error: unknown): boolean => {
  assert.ok(error instanceof BucketError, String(error))
  return true
}

const withCode =
  (...codes: readonly string[]) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof BucketError, String(error))
    assert.ok(codes.includes(error.code), `${error.code} instead of ${codes.join(' or ')}: ${error.message}`)
    return true
  }
