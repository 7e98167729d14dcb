import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'vitest'
import type { BucketAdministration, CheckPolicy } from './bucket-administration.ts'
import { BucketError, type BucketStore } from './bucket-store.ts'
import type { MayPut } from './directory-bucket-store.ts'

export interface BucketAdministrationFixture {
  readonly store: BucketStore & BucketAdministration
  reopen?(): Promise<BucketStore & BucketAdministration>
  dispose(): Promise<void>
}

type Asked = Parameters<MayPut>[0]
const settings = { owner: '111122223333', region: 'eu-central-1' }
const body = Buffer.from('x')
const owner = { kind: 'owner' } as const

/** What the stores that make their own buckets promise. */
export function bucketAdministrationContract(
  name: string,
  create: (options: {
    now: () => number
    mayPut: MayPut
    checkPolicy: CheckPolicy
  }) => Promise<BucketAdministrationFixture>,
): void {
  describe(`bucket administration: ${name}`, () => {
    let fixture: BucketAdministrationFixture
    let store: BucketAdministrationFixture['store']
    let asked: Asked[]
    let time: number
    beforeEach(async () => {
      asked = []
      time = 1_000
      fixture = await create({
        now: () => time,
        mayPut: (request) => asked.push(request) > 0 && request.policy === 'let in',
        checkPolicy: ({ policy, bucket }) => (policy === 'bad' ? `bad for ${bucket}` : undefined),
      })
      store = fixture.store
    })
    afterEach(() => fixture.dispose())

    test('buckets are listed by name, as they were made', async () => {
      await store.createBucket('second', settings)
      time = 2_000
      await store.createBucket('first', { owner: '444455556666', region: 'us-east-1', policy: 'p' })
      assert.deepEqual(await store.listBuckets(), [
        { name: 'first', owner: '444455556666', region: 'us-east-1', createdAt: 2_000 },
        { name: 'second', ...settings, createdAt: 1_000 },
      ])
      assert.deepEqual(await store.headBucket('first'), { region: 'us-east-1' })
      assert.deepEqual(await store.describeBucket('second'), { name: 'second', ...settings, createdAt: 1_000 })
      for (const absent of ['third', '', 'first\0', '../first', 'x'.repeat(5_000)])
        assert.equal(await store.describeBucket(absent), undefined)
      assert.equal(await store.policy('first'), 'p')
      assert.equal(await store.policy('second'), undefined)
    })

    test('a name that is taken says whose it is', async () => {
      await store.createBucket('taken', settings)
      await assert.rejects(store.createBucket('taken', settings), withCode('BucketAlreadyOwnedByYou'))
      const other = { ...settings, owner: '444455556666' }
      await assert.rejects(store.createBucket('taken', other), withCode('BucketAlreadyExists'))
    })

    test('names are those that S3 gives', async () => {
      for (const good of ['abc', 'a.b', '1-2', 'a'.repeat(63), 'my.log-bucket.2026', '1.2.3', '1.2.3.4.5'])
        await store.createBucket(good, settings)
      const bad = [
        '',
        'ab',
        'a'.repeat(64),
        'Abc',
        'a_b',
        '-ab',
        'ab-',
        '.ab',
        'ab.',
        'a..b',
        'a.-b',
        'a-.b',
        '192.168.5.4',
      ]
      for (const name of [...bad, 'a/b', '../..', 'a\0b', 'xn--abc', 'abc-s3alias', 'a b', '\u00e4\u00e4\u00e4'])
        await assert.rejects(store.createBucket(name, settings), withCode('InvalidBucketName'), name)
      assert.equal((await store.listBuckets()).length, 7)
    })

    test('a policy is put, replaced and deleted; a malformed one changes nothing', async () => {
      await store.createBucket('logs', settings)
      await store.putPolicy('logs', 'one')
      await store.putPolicy('logs', 'two')
      await assert.rejects(store.putPolicy('logs', 'bad'), withCode('MalformedPolicy'))
      await assert.rejects(store.putPolicy('logs', 'p'.repeat(20 * 1024 + 1)), withCode('MalformedPolicy'))
      assert.equal(await store.policy('logs'), 'two')
      await store.putPolicy('logs', undefined)
      assert.equal(await store.policy('logs'), undefined)
      await assert.rejects(store.createBucket('more', { ...settings, policy: 'bad' }), withCode('MalformedPolicy'))
      await assert.rejects(store.putPolicy('more', 'one'), withCode('NoSuchBucket'))
    })

    test('a delivery asks with all that a policy judges by, and the owner does not ask', async () => {
      await store.createBucket('logs', { ...settings, policy: 'keep out' })
      const caller = { kind: 'delivery', trailArn: 'arn:aws:cloudtrail:eu-central-1:1:trail/t', account: '1' } as const
      const put = () => store.put({ bucket: 'logs', key: 'k', body, caller })
      await assert.rejects(put(), withCode('AccessDenied'))
      assert.deepEqual(asked[0], { policy: 'keep out', bucket: 'logs', key: 'k', caller, owner: settings.owner })
      await store.putPolicy('logs', 'let in')
      await put()
      asked = []
      await store.put({ bucket: 'logs', key: 'k', body, caller: owner })
      assert.deepEqual(asked, [])
    })

    test('an object is deleted once and for all, and deleting what is not there succeeds', async () => {
      await store.createBucket('logs', settings)
      for (const key of ['a', 'a/', 'a/b']) await store.put({ bucket: 'logs', key, body, caller: owner })
      await store.deleteObject('logs', 'a')
      await store.deleteObject('logs', 'a')
      assert.deepEqual(
        (await store.list('logs', {})).objects.map(({ key }) => key),
        ['a/', 'a/b'],
      )
      await assert.rejects(store.get('logs', 'a', { bytesMax: 1 }), withCode('NoSuchKey'))
      await assert.rejects(store.deleteObject('absent', 'a'), withCode('NoSuchBucket'))
    })

    test('a bucket is deleted only when it is empty, and buckets whose names begin alike are apart', async () => {
      for (const bucket of ['log', 'logs', 'log.s']) await store.createBucket(bucket, settings)
      await store.put({ bucket: 'logs', key: 'a', body, caller: owner })
      await store.put({ bucket: 'log.s', key: 'a', body, caller: owner })
      await assert.rejects(store.deleteBucket('logs'), withCode('BucketNotEmpty'))
      await store.deleteBucket('log')
      await assert.rejects(store.deleteBucket('log'), withCode('NoSuchBucket'))
      await store.deleteObject('logs', 'a')
      await store.deleteBucket('logs')
      await assert.rejects(store.put({ bucket: 'logs', key: 'a', body, caller: owner }), withCode('NoSuchBucket'))
      assert.equal((await store.list('log.s', {})).objects.length, 1)
    })

    test('a put and the deletion of its bucket: the object is in a bucket, or refused', async () => {
      for (let round = 0; round < 10; round++) {
        await store.createBucket('racy', settings)
        const put = store.put({ bucket: 'racy', key: 'a', body, caller: owner }).then(
          () => true,
          (error) => !withCode('NoSuchBucket')(error),
        )
        for (let turn = 0; turn < round; turn++) await Promise.resolve()
        const deleted = store.deleteBucket('racy').then(
          () => true,
          (error) => !withCode('BucketNotEmpty')(error),
        )
        assert.notEqual(await put, await deleted)
        if (await deleted) continue
        await store.deleteObject('racy', 'a')
        await store.deleteBucket('racy')
      }
    })

    test('a store is new until its first bucket is made', async () => {
      assert.equal(store.isNew, true)
      if (!fixture.reopen) return
      store = await fixture.reopen()
      assert.equal(store.isNew, true)
      await store.createBucket('logs', settings)
      await store.deleteBucket('logs')
      assert.equal((await fixture.reopen()).isNew, false)
    })
  })
}

const withCode =
  (code: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof BucketError, String(error))
    assert.equal(error.code, code, error.message)
    return true
  }
