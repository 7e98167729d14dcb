import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, test } from 'vitest'
import type { BucketAdministration } from './bucket-administration.ts'
import { BucketError } from './bucket-store.ts'
import type { BucketSettings, ObjectStore, PutRequest, StoredPart, VersionPlace } from './object-store.ts'

export interface ObjectStoreFixture {
  readonly objects: ObjectStore
  readonly administration: BucketAdministration
  /** Domain time of the store; it starts at `contractStart`. */
  advance(ms: number): void
  dispose(): Promise<void>
}
export const contractStart = Date.UTC(2026, 10, 21)
/** The smallest part of an upload but the last: a store under this contract has it so small, to keep the tests quick. */
export const contractPartBytesMin = 1_000

const owner = '111122223333'
const user = { kind: 'account', account: owner, arn: `arn:aws:iam::${owner}:user/tester` } as const
const dayMs = 86_400_000
const bucket = 'logs'
const bytesOf = async (body: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts)
}
async function* pieces(content: Uint8Array | string, size = 7_000): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
const md5 = (content: Uint8Array | string): Buffer => createHash('md5').update(content).digest()
const crc32Of = (content: string): string => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(content))
  return bytes.toString('base64')
}
const withCode =
  (code: string, check: (error: BucketError) => void = () => {}) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof BucketError, String(error))
    assert.equal(error.code, code, error.message)
    check(error)
    return true
  }

/** What every store behind the S3 front promises beyond `bucketStoreContract`. */
export function objectStoreContract(name: string, open: () => Promise<ObjectStoreFixture>): void {
  describe(`object store: ${name}`, () => {
    let fixture: ObjectStoreFixture
    let objects: ObjectStore
    beforeEach(async () => {
      fixture = await open()
      objects = fixture.objects
      await fixture.administration.createBucket(bucket, { owner, region: 'eu-central-1' })
    })
    afterEach(() => fixture.dispose())

    /** Text comes with its size, bytes do not: stores may keep what is announced as small in another way. */
    const put = (key: string, content: Uint8Array | string, rest: Partial<PutRequest> = {}) => {
      const expected = typeof content === 'string' ? { size: Buffer.byteLength(content) } : {}
      return objects.putObject({ bucket, key, user, expected, ...rest }, pieces(content))
    }
    const change = (settings: Partial<BucketSettings>) =>
      objects.changeSettings(bucket, (before) => ({ ...before, ...settings }))
    const versioned = () => change({ versioning: 'Enabled' })
    const locked = (defaultRetention?: { mode: 'GOVERNANCE' | 'COMPLIANCE'; days: number }) =>
      change({ versioning: 'Enabled', objectLock: { ...(defaultRetention && { defaultRetention }) } })
    async function read(key: string, versionId?: string, range?: { from: number; to: number }): Promise<string> {
      const object = await objects.openObject({ bucket, key, user, ...(versionId !== undefined && { versionId }) })
      try {
        return (await bytesOf(object.read(range ?? { from: 0, to: object.head.size }))).toString('latin1')
      } finally {
        await object.close()
      }
    }
    const remove = (
      key: string,
      versionId?: string,
      rest: { bypassesGovernance?: boolean; onlyIfEtag?: string } = {},
    ) => objects.deleteObject({ bucket, key, user, ...(versionId !== undefined && { versionId }), ...rest })
    const versions = async (page: Partial<Parameters<ObjectStore['listVersions']>[1]> = {}) =>
      (await objects.listVersions(bucket, { limit: 1_000, ...page })).versions
    /** `key=what` of each version, newest first; `*` is the latest, `-` a delete marker. */
    const picture = async (): Promise<string[]> =>
      Promise.all(
        (await versions()).map(async ({ key, versionId, isLatest, isDeleteMarker }) => {
          const content = isDeleteMarker ? '-' : await read(key, versionId)
          return `${key}=${content}${versionId === 'null' ? '(null)' : ''}${isLatest ? '*' : ''}`
        }),
      )

    describe('bodies', () => {
      test('any size is read back, whole and in ranges across chunks', async () => {
        const sizes = [0, 1, 4_095, 4_096, 4_097, 65_535, 65_536, 65_537, 131_072, 700_000]
        for (const [size, expected] of sizes.flatMap((size) => [[size, {}] as const, [size, { size }] as const])) {
          const content = randomBytes(size)
          const stored = await put('k', content, { expected })
          assert.equal(stored.etag, md5(content).toString('hex'))
          assert.equal(stored.size, size)
          const text = content.toString('latin1')
          assert.equal(await read('k'), text)
          for (const [from, to] of [
            [0, 1],
            [65_535, 65_537],
            [65_536, 65_536],
            [1, size],
            [size - 1, size],
            [size, size],
          ] as const)
            if (from >= 0 && to <= size && from <= to)
              assert.equal(await read('k', undefined, { from, to }), text.slice(from, to), `${size}: ${from}-${to}`)
        }
      })

      test('a body that fails leaves what was there, and fails with what it threw', async () => {
        await put('k', 'before')
        const failure = new Error('the client went away')
        async function* broken(): AsyncGenerator<Uint8Array> {
          yield Buffer.alloc(200_000)
          throw failure
        }
        await assert.rejects(objects.putObject({ bucket, key: 'k', user }, broken()), (error) => error === failure)
        assert.equal(await read('k'), 'before')
      })

      test('what does not keep its promises is not stored', async () => {
        const cases: [string, PutRequest['expected']][] = [
          ['BadDigest', { md5: md5('other') }],
          ['IncompleteBody', { size: 5 }],
          ['BadDigest', { checksum: { algorithm: 'CRC32', value: crc32Of('other') } }],
          ['BadDigest', { checksum: { algorithm: 'SHA256', value: () => 'AAAA' } }],
        ]
        for (const [code, expected] of cases)
          await assert.rejects(put('k', 'body', { expected: expected! }), withCode(code))
        await assert.rejects(objects.headObject({ bucket, key: 'k' }), withCode('NoSuchKey'))
      })

      test('checksums of every kind are computed, compared and kept', async () => {
        const known = {
          CRC32: 'y/Q5Jg==',
          CRC32C: '4waSgw==',
          CRC64NVME: 'rosUhgp5mIg=',
          SHA1: '98O8HYCOBHMq32eZZczDTKeuNEE=',
          SHA256: 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=',
        } as const
        for (const [algorithm, value] of Object.entries(known) as [keyof typeof known, string][]) {
          const stored = await put('k', '123456789', { expected: { checksum: { algorithm, value: () => undefined } } })
          assert.deepEqual(stored.checksum, { algorithm, value })
          await put('k', '123456789', { expected: { md5: md5('123456789'), size: 9, checksum: { algorithm, value } } })
          assert.deepEqual((await objects.headObject({ bucket, key: 'k' })).checksum, { algorithm, value })
        }
      })

      test('attributes are kept exactly, and go with their version', async () => {
        const attributes = {
          contentType: 'text/plain',
          contentEncoding: 'gzip',
          contentLanguage: 'de',
          contentDisposition: 'attachment; filename="x"',
          cacheControl: 'no-store',
          expires: 'Thu, 01 Dec 2026 16:00:00 GMT',
          websiteRedirectLocation: '/other',
          metadata: { one: '1' },
        }
        await put('k', 'x', { ...attributes, tags: { team: 'a b' } })
        const head = await objects.headObject({ bucket, key: 'k' })
        for (const [attribute, value] of Object.entries(attributes))
          assert.deepEqual(head[attribute as keyof typeof attributes], value)
        assert.deepEqual(head.marks, { tags: { team: 'a b' } })
        assert.equal(head.encryption.kind, 'AES256')
        assert.equal(head.versionId, undefined)
        await put('k', 'x')
        assert.equal((await objects.headObject({ bucket, key: 'k' })).cacheControl, undefined)
      })

      test('what is open stays readable, whatever is deleted or replaced', async () => {
        const content = randomBytes(300_000)
        await put('k', content)
        const opened = await objects.openObject({ bucket, key: 'k', user })
        await put('k', 'other')
        await remove('k')
        await put('k', 'third')
        assert.ok((await bytesOf(opened.read({ from: 0, to: 300_000 }))).equals(content))
        await opened.close()
        assert.equal(await read('k'), 'third')
      })

      test('hostile keys are keys like any other, and NUL is refused', async () => {
        const keys = [
          '..',
          '../../../../etc/passwd',
          '/etc/passwd',
          './a',
          'a/../b',
          'a//b',
          'a\\..\\b',
          '\u202e\ufeff',
          'ａ',
          'é',
          'e\u0301',
          '\u{10ffff}',
          'COM1',
          'k'.repeat(1_024),
        ]
        for (const key of keys) await put(key, `content of ${key}`)
        for (const key of keys) assert.equal(await read(key), Buffer.from(`content of ${key}`).toString('latin1'))
        const { objects: listed } = await objects.listObjects(bucket, { limit: 1_000 })
        assert.deepEqual(
          listed.map(({ key }) => key),
          keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
        )
        for (const key of ['', 'a\0b', '\ud800', 'k'.repeat(1_025)]) await assert.rejects(put(key, 'x'), BucketError)
      })
    })

    describe('conditions', () => {
      test('a put may ask that nothing is there, or that a certain object is', async () => {
        await assert.rejects(put('k', 'x', { onlyIfEtag: '*' }), withCode('NoSuchKey'))
        const { etag } = await put('k', 'first', { onlyIfAbsent: true })
        await assert.rejects(put('k', 'x', { onlyIfAbsent: true }), withCode('PreconditionFailed'))
        await assert.rejects(put('k', 'x', { onlyIfEtag: 'f'.repeat(32) }), withCode('PreconditionFailed'))
        await put('k', 'second', { onlyIfEtag: etag })
        await assert.rejects(remove('k', undefined, { onlyIfEtag: etag }), withCode('PreconditionFailed'))
        assert.equal(await read('k'), 'second')
      })
      test('of puts at the same time that ask that nothing is there, one succeeds', async () => {
        const results = await Promise.allSettled(
          Array.from({ length: 10 }, (_, n) => put('k', String(n), { onlyIfAbsent: true })),
        )
        assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
      })
      test('behind a delete marker nothing is there', async () => {
        await versioned()
        await put('k', 'x')
        await remove('k')
        await put('k', 'y', { onlyIfAbsent: true })
        assert.equal(await read('k'), 'y')
      })
    })

    describe('versions', () => {
      test('a bucket without versions keeps one, called null', async () => {
        const stored = await put('k', 'a')
        assert.equal(stored.versionId, undefined)
        await put('k', 'b')
        assert.deepEqual(await picture(), ['k=b(null)*'])
        assert.equal(await read('k', 'null'), 'b')
        assert.deepEqual(await remove('k'), { isDeleteMarker: false })
        assert.deepEqual(await picture(), [])
      })

      test('each put is a version, and each deletion without an id a delete marker', async () => {
        await versioned()
        const a = await put('k', 'a')
        const b = await put('k', 'b')
        const marker = await remove('k')
        assert.equal(marker.isDeleteMarker, true)
        assert.deepEqual(await picture(), ['k=-*', 'k=b', 'k=a'])
        await assert.rejects(
          read('k'),
          withCode('NoSuchKey', (error) => assert.equal(error.deleteMarker, marker.versionId)),
        )
        await assert.rejects(
          read('k', marker.versionId),
          withCode('MethodNotAllowed', (error) => assert.equal(error.deleteMarker, marker.versionId)),
        )
        assert.deepEqual((await objects.listObjects(bucket, { limit: 10 })).objects, [])
        assert.equal(await read('k', a.versionId), 'a')
        assert.ok(b.versionId! < a.versionId! && marker.versionId! < b.versionId!, 'the newest id is the first')
        // Without the marker, what was before it is there again.
        assert.deepEqual(await remove('k', marker.versionId), { versionId: marker.versionId, isDeleteMarker: true })
        assert.equal(await read('k'), 'b')
        await remove('k', b.versionId)
        assert.deepEqual(await picture(), ['k=a*'])
        await remove('k', a.versionId)
        assert.deepEqual(await picture(), [])
      })

      test('a marker is made also where nothing is', async () => {
        await versioned()
        await remove('k')
        await remove('k')
        assert.deepEqual(await picture(), ['k=-*', 'k=-'])
      })

      test('what was there before versions, and what a suspended bucket writes, is the version null, once', async () => {
        await put('k', 'old')
        await versioned()
        const a = await put('k', 'a')
        assert.deepEqual(await picture(), ['k=a*', 'k=old(null)'])
        await change({ versioning: 'Suspended' })
        assert.equal((await put('k', 'new')).versionId, 'null')
        assert.deepEqual(await picture(), ['k=new(null)*', 'k=a'])
        await put('k', 'newer')
        assert.deepEqual(await picture(), ['k=newer(null)*', 'k=a'])
        assert.deepEqual(await remove('k'), { versionId: 'null', isDeleteMarker: true })
        assert.deepEqual(await picture(), ['k=-(null)*', 'k=a'])
        await versioned()
        await put('k', 'b')
        assert.deepEqual(await picture(), ['k=b*', 'k=-(null)', 'k=a'])
        assert.deepEqual(await remove('k', 'null'), { versionId: 'null', isDeleteMarker: true })
        await remove('k', a.versionId)
        assert.deepEqual(await picture(), ['k=b*'])
      })

      test('a version id that is none, and one of no version, say so', async () => {
        await versioned()
        const { versionId } = await put('k', 'a')
        await assert.rejects(read('k', 'nonsense'), withCode('InvalidArgument'))
        await assert.rejects(remove('k', 'nonsense'), withCode('InvalidArgument'))
        const other = `${versionId!.slice(0, -1)}${versionId!.endsWith('0') ? '1' : '0'}`
        await assert.rejects(read('k', other), withCode('NoSuchVersion'))
        await assert.rejects(read('k', 'null'), withCode('NoSuchVersion'))
        assert.deepEqual(await remove('k', other), { versionId: other, isDeleteMarker: false })
        assert.equal(await read('k'), 'a')
      })

      test('versions are listed key by key, newest first, page by page', async () => {
        await put('a', 'null')
        await versioned()
        const expected: string[] = []
        for (const key of ['a', 'a!', 'a/b', 'b', 'ä']) {
          const ids = []
          for (let round = 0; round < 3; round++) ids.push((await put(key, String(round))).versionId!)
          if (key === 'a/b') ids.push((await remove(key)).versionId!)
          expected.push(...[...(key === 'a' ? ['null'] : []), ...ids].toReversed().map((id) => `${key} ${id}`))
        }
        const all = await versions()
        assert.deepEqual(
          all.map(({ key, versionId }) => `${key} ${versionId}`),
          expected,
        )
        const latest = all.filter(({ isLatest }) => isLatest).map(({ key }) => key)
        assert.deepEqual(latest, ['a', 'a!', 'a/b', 'b', 'ä'])
        for (const limit of [1, 2, 5]) {
          const paged: string[] = []
          for (let page: { after?: string; afterVersion?: string } = {}; ;) {
            const found = await objects.listVersions(bucket, { ...page, limit })
            paged.push(...found.versions.map(({ key, versionId }) => `${key} ${versionId}`))
            if (!found.isTruncated) break
            const { key, versionId } = found.versions.at(-1)!
            page = { after: key, afterVersion: versionId }
          }
          assert.deepEqual(paged, expected, `pages of ${limit}`)
        }
        assert.deepEqual((await versions({ prefix: 'a/' })).length, 4)
        assert.deepEqual((await versions({ after: 'a' }))[0]!.key, 'a!')
        assert.deepEqual(
          (await versions({ afterPrefix: 'a' })).map(({ key }) => key),
          ['b', 'b', 'b', 'ä', 'ä', 'ä'],
        )
      })

      test('who deletes page by page while listing passes nothing over', async () => {
        await put('k', 'null')
        await versioned()
        for (let round = 0; round < 7; round++) await put('k', String(round))
        for (let page: { after?: string; afterVersion?: string } = {}; ;) {
          const found = await objects.listVersions(bucket, { ...page, limit: 3 })
          for (const { key, versionId } of found.versions) await remove(key, versionId)
          if (!found.isTruncated) break
          const { key, versionId } = found.versions.at(-1)!
          page = { after: key, afterVersion: versionId }
        }
        assert.deepEqual(await picture(), [])
        await fixture.administration.deleteBucket(bucket)
      })

      test('a bucket that has only a delete marker is not empty', async () => {
        await versioned()
        const { versionId } = await remove('k')
        await assert.rejects(fixture.administration.deleteBucket(bucket), withCode('BucketNotEmpty'))
        await remove('k', versionId)
        await fixture.administration.deleteBucket(bucket)
      })
    })

    describe('settings', () => {
      test('what is changed is kept, and what throws changes nothing', async () => {
        await objects.changeSettings(bucket, (settings) => ({
          ...settings,
          documents: { lifecycle: '<x/>', policy: '{}' },
          tags: { a: 'b' },
          encryption: { kind: 'AES256' },
        }))
        const refusal = new Error('no')
        const refuse = (): never => {
          throw refusal
        }
        await assert.rejects(objects.changeSettings(bucket, refuse), (error) => error === refusal)
        await put('k', 'x')
        await assert.rejects(objects.changeVersion({ bucket, key: 'k' }, refuse), (error) => error === refusal)
        const settings = await objects.settings(bucket)
        assert.deepEqual(settings.documents, { lifecycle: '<x/>', policy: '{}' })
        assert.deepEqual(settings.tags, { a: 'b' })
        assert.equal(settings.description.owner, owner)
        await objects.changeSettings(bucket, (before) => ({ ...before, documents: {} }))
        assert.deepEqual((await objects.settings(bucket)).documents, {})
        await assert.rejects(objects.settings('absent'), withCode('NoSuchBucket'))
      })

      test('versions cannot be switched off again, nor can Object Lock', async () => {
        const without = (name: 'versioning' | 'objectLock') =>
          objects.changeSettings(bucket, (before) => {
            const { [name]: dropped, ...settings } = before
            assert.ok(dropped !== undefined)
            return settings
          })
        await assert.rejects(change({ objectLock: {} }), withCode('InvalidBucketState'))
        await versioned()
        await assert.rejects(without('versioning'), withCode('InvalidBucketState'))
        await change({ objectLock: {} })
        await assert.rejects(without('objectLock'), withCode('InvalidBucketState'))
        await assert.rejects(change({ versioning: 'Suspended' }), withCode('InvalidBucketState'))
      })
    })

    describe('locks', () => {
      const until = contractStart + 10 * dayMs
      const retention = (mode: 'GOVERNANCE' | 'COMPLIANCE', to = until) => ({ retention: { mode, until: to } })
      const setMarks = (place: VersionPlace & { bypassesGovernance?: boolean }, marks: object) =>
        objects.changeVersion(place, () => marks)

      test('a bucket without Object Lock takes no locks', async () => {
        await assert.rejects(put('k', 'x', retention('GOVERNANCE')), withCode('InvalidRequest'))
        await assert.rejects(put('k', 'x', { isLegallyHeld: true }), withCode('InvalidRequest'))
        await put('k', 'x')
        await assert.rejects(setMarks({ bucket, key: 'k' }, retention('GOVERNANCE')), withCode('InvalidRequest'))
      })

      test('COMPLIANCE: nobody removes or weakens it before its time', async () => {
        await locked()
        const { versionId } = await put('k', 'x', retention('COMPLIANCE'))
        const place = { bucket, key: 'k', versionId: versionId!, bypassesGovernance: true }
        await assert.rejects(remove('k', versionId, { bypassesGovernance: true }), withCode('AccessDenied'))
        for (const weaker of [{}, retention('COMPLIANCE', until - 1), retention('GOVERNANCE', until + dayMs)])
          await assert.rejects(setMarks(place, weaker), withCode('AccessDenied'))
        await setMarks(place, retention('COMPLIANCE', until + dayMs))
        // A marker hides it, and removes nothing.
        await remove('k')
        assert.equal(await read('k', versionId), 'x')
        fixture.advance(10 * dayMs + 1)
        await assert.rejects(remove('k', versionId), withCode('AccessDenied'))
        fixture.advance(dayMs)
        await remove('k', versionId)
        await assert.rejects(read('k', versionId), withCode('NoSuchVersion'))
      })

      test('GOVERNANCE: only who may bypass it', async () => {
        await locked()
        const { versionId } = await put('k', 'x', retention('GOVERNANCE'))
        const place = { bucket, key: 'k', versionId: versionId! }
        await assert.rejects(remove('k', versionId), withCode('AccessDenied'))
        for (const weaker of [{}, retention('GOVERNANCE', until - 1), retention('COMPLIANCE', until)])
          await assert.rejects(setMarks(place, weaker), withCode('AccessDenied'))
        await setMarks(place, retention('GOVERNANCE', until + 1))
        await setMarks({ ...place, bypassesGovernance: true }, retention('GOVERNANCE', until - dayMs))
        await setMarks(place, { ...retention('GOVERNANCE', until - dayMs), tags: { a: 'b' } })
        await remove('k', versionId, { bypassesGovernance: true })
        await assert.rejects(read('k', versionId), withCode('NoSuchVersion'))
      })

      test('a legal hold holds until it is taken away, and nobody bypasses it', async () => {
        await locked()
        const { versionId } = await put('k', 'x', { isLegallyHeld: true })
        fixture.advance(1_000 * dayMs)
        await assert.rejects(remove('k', versionId, { bypassesGovernance: true }), withCode('AccessDenied'))
        assert.deepEqual(await objects.marks({ bucket, key: 'k' }), { isLegallyHeld: true })
        await setMarks({ bucket, key: 'k', versionId: versionId! }, { isLegallyHeld: false })
        await remove('k', versionId)
      })

      test("a bucket's default retention goes to each version that asks for none", async () => {
        await locked({ mode: 'GOVERNANCE', days: 2 })
        const a = await put('k', 'a')
        const b = await put('k', 'b', retention('COMPLIANCE'))
        const marks = (versionId = '') => objects.marks({ bucket, key: 'k', versionId })
        assert.deepEqual(await marks(a.versionId), retention('GOVERNANCE', contractStart + 2 * dayMs))
        assert.deepEqual(await marks(b.versionId), retention('COMPLIANCE'))
        await assert.rejects(remove('k', a.versionId), withCode('AccessDenied'))
      })

      test('retention into the past is refused', async () => {
        await locked()
        await assert.rejects(put('k', 'x', retention('GOVERNANCE', contractStart)), withCode('InvalidArgument'))
      })

      test('marks of a delete marker and of nothing say so', async () => {
        await locked()
        const { versionId } = await remove('k')
        const place = { bucket, key: 'k', versionId: versionId! }
        await assert.rejects(setMarks(place, { isLegallyHeld: true }), withCode('MethodNotAllowed'))
        await assert.rejects(objects.marks({ bucket, key: 'other' }), withCode('NoSuchKey'))
      })
    })

    describe('uploads', () => {
      const begin = (key: string, rest: object = {}) => objects.createUpload({ bucket, key, user, ...rest })
      const part = (
        key: string,
        uploadId: string,
        number: number,
        content: string,
        expected?: PutRequest['expected'],
      ): Promise<StoredPart> => objects.putPart({ bucket, key, uploadId, number, user }, pieces(content), expected)
      const ofSha256 = { checksum: { algorithm: 'SHA256', value: () => undefined } } as const
      const first = 'first, '.repeat(20_000)
      const second = 'second, '.repeat(10_000)

      test('parts become one object, in the order of their numbers', async () => {
        const { uploadId } = await begin('k', { contentType: 'text/plain', tags: { a: 'b' } })
        const place = { bucket, key: 'k', uploadId }
        const three = await part('k', uploadId, 9_999, 'end')
        const one = await part('k', uploadId, 1, first)
        await part('k', uploadId, 2, 'replaced'.repeat(1_000))
        const two = await part('k', uploadId, 2, second)
        await part('k', uploadId, 5, 'not used')
        await assert.rejects(read('k'), withCode('NoSuchKey'))
        const stored = await objects.completeUpload(place, [
          { number: 1, etag: one.etag },
          { number: 2, etag: two.etag },
          { number: 9_999, etag: three.etag },
        ])
        const whole = first + second + 'end'
        const md5s = [first, second, 'end'].map((content) => md5(content))
        assert.equal(stored.etag, `${md5(Buffer.concat(md5s)).toString('hex')}-3`)
        assert.equal(await read('k'), whole)
        for (const [from, to] of [
          [0, 5],
          [first.length - 1, first.length + 1],
          [first.length + 5, whole.length],
          [whole.length - 3, whole.length - 1],
        ] as const)
          assert.equal(await read('k', undefined, { from, to }), whole.slice(from, to))
        const head = await objects.headObject({ bucket, key: 'k' })
        assert.equal(head.size, whole.length)
        assert.equal(head.contentType, 'text/plain')
        assert.deepEqual(head.marks, { tags: { a: 'b' } })
        assert.deepEqual(head.parts, [
          { number: 1, size: first.length },
          { number: 2, size: second.length },
          { number: 9_999, size: 3 },
        ])
        await assert.rejects(part('k', uploadId, 3, 'late'), withCode('NoSuchUpload'))
        await assert.rejects(objects.abortUpload(place), withCode('NoSuchUpload'))
        // Who did not hear the answer asks again.
        assert.deepEqual(await objects.completeUpload(place, [{ number: 1, etag: one.etag }]), stored)
        await remove('k')
        await assert.rejects(read('k'), withCode('NoSuchKey'))
      })

      test('what cannot be completed stays an upload', async () => {
        const { uploadId } = await begin('k')
        const place = { bucket, key: 'k', uploadId }
        const small = await part('k', uploadId, 1, 'small')
        const large = await part('k', uploadId, 2, first)
        const cases: [string, { number: number; etag: string; checksum?: string }[]][] = [
          ['MalformedXML', []],
          ['InvalidPart', [{ number: 3, etag: small.etag }]],
          ['InvalidPart', [{ number: 1, etag: large.etag }]],
          ['InvalidPart', [{ number: 1, etag: small.etag, checksum: 'AAAA' }]],
          [
            'InvalidPartOrder',
            [
              { number: 2, etag: large.etag },
              { number: 1, etag: small.etag },
            ],
          ],
          [
            'EntityTooSmall',
            [
              { number: 1, etag: small.etag },
              { number: 2, etag: large.etag },
            ],
          ],
        ]
        for (const [code, parts] of cases) await assert.rejects(objects.completeUpload(place, parts), withCode(code))
        await assert.rejects(part('k', uploadId, 0, 'x'), withCode('InvalidArgument'))
        await assert.rejects(part('k', uploadId, 10_001, 'x'), withCode('InvalidArgument'))
        await put('k', 'there')
        const only = [{ number: 1, etag: small.etag }]
        await assert.rejects(
          objects.completeUpload(place, only, { onlyIfAbsent: true }),
          withCode('PreconditionFailed'),
        )
        await assert.rejects(objects.completeUpload(place, only, { size: 4 }), withCode('InvalidRequest'))
        await objects.completeUpload(place, only, { size: 5 })
        assert.equal(await read('k'), 'small')
      })

      test('uploads and parts are listed, page by page, and gone when aborted', async () => {
        const ids = []
        for (const key of ['b', 'a', 'a']) {
          fixture.advance(1)
          ids.push((await begin(key)).uploadId)
        }
        const [b = '', a1 = '', a2 = ''] = ids
        const listed = async (page: object = {}) =>
          (await objects.listUploads(bucket, { limit: 10, ...page })).uploads.map(({ key, uploadId }) => [
            key,
            uploadId,
          ])
        assert.deepEqual(await listed(), [
          ['a', a1],
          ['a', a2],
          ['b', b],
        ])
        assert.deepEqual(await listed({ limit: 1 }), [['a', a1]])
        assert.deepEqual(await listed({ after: 'a', afterUpload: a1 }), [
          ['a', a2],
          ['b', b],
        ])
        assert.deepEqual(await listed({ after: 'a' }), [['b', b]])
        for (const number of [1, 2, 10]) await part('a', a1, number, String(number))
        const place = { bucket, key: 'a', uploadId: a1 }
        const page = await objects.listParts(place, { limit: 2 })
        assert.deepEqual(
          page.parts.map(({ number, size }) => [number, size]),
          [
            [1, 1],
            [2, 1],
          ],
        )
        assert.equal(page.isTruncated, true)
        assert.deepEqual(
          (await objects.listParts(place, { after: 2, limit: 2 })).parts.map(({ number }) => number),
          [10],
        )
        await objects.abortUpload(place)
        await assert.rejects(objects.listParts(place, { limit: 2 }), withCode('NoSuchUpload'))
        assert.deepEqual(await listed(), [
          ['a', a2],
          ['b', b],
        ])
        // As with S3, they do not keep their bucket.
        await fixture.administration.deleteBucket(bucket)
      })

      test('an upload has the locks it began with, and is a version like any other', async () => {
        await locked({ mode: 'COMPLIANCE', days: 1 })
        const a = await put('k', 'a')
        const { uploadId } = await begin('k')
        const { etag } = await part('k', uploadId, 1, 'b')
        const b = await objects.completeUpload({ bucket, key: 'k', uploadId }, [{ number: 1, etag }])
        assert.deepEqual(await picture(), ['k=b*', 'k=a'])
        await assert.rejects(remove('k', b.versionId), withCode('AccessDenied'))
        fixture.advance(2 * dayMs)
        await remove('k', b.versionId)
        await remove('k', a.versionId)
        assert.deepEqual(await picture(), [])
      })

      test('an upload may be completed after its retention has ended', async () => {
        await locked()
        const retention = { mode: 'COMPLIANCE', until: contractStart + dayMs } as const
        const { uploadId } = await begin('k', { retention })
        const { etag } = await part('k', uploadId, 1, 'x')
        fixture.advance(2 * dayMs)
        const { versionId } = await objects.completeUpload({ bucket, key: 'k', uploadId }, [{ number: 1, etag }])
        assert.deepEqual(await objects.marks({ bucket, key: 'k' }), { retention })
        await remove('k', versionId)
      })

      test('checksums of the whole: one over the parts, or one over those of the parts', async () => {
        const whole = first + second
        for (const checksumAlgorithm of ['CRC32', 'CRC32C', 'CRC64NVME'] as const) {
          const { checksum } = await put('plain', whole, {
            expected: { checksum: { algorithm: checksumAlgorithm, value: () => undefined } },
          })
          const { uploadId } = await begin('k', { checksumAlgorithm, checksumType: 'FULL_OBJECT' })
          const parts = []
          for (const [at, content] of [first, second].entries())
            parts.push({ number: at + 1, etag: (await part('k', uploadId, at + 1, content)).etag })
          const place = { bucket, key: 'k', uploadId }
          await assert.rejects(objects.completeUpload(place, parts, { checksum: 'AAAA' }), withCode('BadDigest'))
          const stored = await objects.completeUpload(place, parts, { checksum: checksum!.value })
          assert.deepEqual(stored.checksum, checksum)
        }
        const { uploadId } = await begin('k', { checksumAlgorithm: 'SHA256' })
        const { etag, checksum } = await part('k', uploadId, 1, 'x', ofSha256)
        const stored = await objects.completeUpload({ bucket, key: 'k', uploadId }, [
          { number: 1, etag, checksum: checksum!.value },
        ])
        const sum = createHash('sha256').update(createHash('sha256').update('x').digest()).digest('base64')
        assert.equal(stored.checksum?.value, `${sum}-1`)
        await assert.rejects(
          begin('k', { checksumAlgorithm: 'SHA1', checksumType: 'FULL_OBJECT' }),
          withCode('InvalidRequest'),
        )
      })

      test('a checksum made of checksums takes one of each part, and the client names them all', async () => {
        const { uploadId } = await begin('k', { checksumAlgorithm: 'SHA256' })
        const place = { bucket, key: 'k', uploadId }
        await assert.rejects(part('k', uploadId, 1, 'x'), withCode('InvalidRequest'))
        const { etag, checksum } = await part('k', uploadId, 1, 'x', ofSha256)
        await assert.rejects(objects.completeUpload(place, [{ number: 1, etag }]), withCode('InvalidRequest'))
        const parts = [{ number: 1, etag, checksum: checksum!.value }]
        await assert.rejects(
          objects.completeUpload(place, parts, { checksumType: 'FULL_OBJECT' }),
          withCode('InvalidRequest'),
        )
        // Nobody could promise the checksum of what is copied.
        await objects.putPart({ ...place, number: 2, user, isCopy: true }, pieces('y'))
        await objects.completeUpload(place, parts, { checksumType: 'COMPOSITE' })
      })

      test('what nobody brought a checksum for gets a CRC-64/NVME of the whole, which listings tell', async () => {
        const whole = first + second
        const { checksum } = await put('plain', whole)
        assert.equal(checksum?.algorithm, 'CRC64NVME')
        const { uploadId } = await begin('parts')
        const expected = { checksum: { algorithm: 'CRC32', value: () => undefined } } as const
        const parts = [
          { number: 1, etag: (await part('parts', uploadId, 1, first, expected)).etag },
          { number: 2, etag: (await part('parts', uploadId, 2, second)).etag },
        ]
        const stored = await objects.completeUpload({ bucket, key: 'parts', uploadId }, parts, { checksum: 'ignored' })
        assert.deepEqual(stored.checksum, checksum)
        const listed = await objects.listObjects(bucket, { limit: 10 })
        assert.deepEqual(
          listed.objects.map((object) => object.checksum),
          [checksum, checksum],
        )
      })

      test('listings tell the checksum that an upload asks for', async () => {
        const { uploadId } = await begin('k', { checksumAlgorithm: 'CRC32' })
        await begin('plain')
        const { uploads } = await objects.listUploads(bucket, { limit: 10 })
        const told = { checksumAlgorithm: 'CRC32', checksumType: 'COMPOSITE' }
        assert.deepEqual(
          uploads.map(({ checksumAlgorithm, checksumType }) => ({ checksumAlgorithm, checksumType })),
          [told, { checksumAlgorithm: undefined, checksumType: undefined }],
        )
        const page = await objects.listParts({ bucket, key: 'k', uploadId }, { limit: 10 })
        assert.deepEqual(page, { parts: [], isTruncated: false, ...told })
      })

      test('an open object made of parts stays readable when it is deleted', async () => {
        const { uploadId } = await begin('k')
        const one = await part('k', uploadId, 1, first)
        const two = await part('k', uploadId, 2, second)
        await objects.completeUpload({ bucket, key: 'k', uploadId }, [
          { number: 1, etag: one.etag },
          { number: 2, etag: two.etag },
        ])
        const opened = await objects.openObject({ bucket, key: 'k', user })
        await remove('k')
        assert.equal((await bytesOf(opened.read({ from: 0, to: opened.head.size }))).toString(), first + second)
        await opened.close()
      })
    })
  })
}
