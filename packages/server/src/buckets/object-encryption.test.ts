import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { systemRandom } from '../clock/index.ts'
import { createMemoryControlStore } from '../control/index.ts'
import { openKeyRing, parseRootKey, type KeyRing } from '../keyring/index.ts'
import { KeyServiceError, type EncryptionContext, type KeyService, type KeyUser } from '../kms/index.ts'
import { BucketError } from './bucket-store.ts'
import { chunkBytes, sealedChunkBytes, sealedSize } from './content-cipher.ts'
import { openDirectoryBucketStore, type DirectoryBucketStore } from './directory-bucket-store.ts'
import { contentFilesOf } from './directory-files.testing.ts'
import { createTestKeys } from './object-keys.testing.ts'
import { createObjectKeys, type ObjectKeys } from './object-keys.ts'

const owner = '111122223333'
const user = { kind: 'account', account: owner, arn: `arn:aws:iam::${owner}:user/reader` } as const
const trailArn = `arn:aws:cloudtrail:eu-central-1:${owner}:trail/main`
const delivery = { kind: 'delivery', account: owner, trailArn } as const
const keyArn = `arn:aws:kms:eu-central-1:${owner}:key/one`
const bytesMax = 10_000_000
const hasCode =
  (code: string, message = /./) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof BucketError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    return true
  }

let directory: string
let store: DirectoryBucketStore
let keys: ObjectKeys
const open = () => openDirectoryBucketStore({ directory, keys, now: () => 5_000, partBytesMin: 10 })
const start = async (chosen: ObjectKeys): Promise<void> => {
  keys = chosen
  store = await open()
  await store.createBucket('logs', { owner, region: 'eu-central-1' })
}
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opentrail-encryption-'))
})
afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})
const put = (key: string, body: Uint8Array, rest: object = {}) =>
  store.put({ bucket: 'logs', key, body, caller: { kind: 'owner' }, ...rest })
const get = async (key: string): Promise<Buffer> => Buffer.from((await store.get('logs', key, { bytesMax })).body)
const paths = async (): Promise<string[]> =>
  (await contentFilesOf(directory)).map((file) => join(directory, 'objects', file))

describe('contents at rest', () => {
  beforeEach(() => start(createTestKeys()))

  test('nothing of a content, its attributes, tags or digests is in the directory', async () => {
    const secret = 'the secret of the content '.repeat(10_000)
    const stored = await store.objects.putObject(
      {
        bucket: 'logs',
        key: 'k',
        user,
        metadata: { note: 'the secret of metadata' },
        tags: { t: 'the secret of tags' },
      },
      (async function* () {
        yield Buffer.from(secret)
      })(),
    )
    await store.putPolicy('logs', '{"Id":"the secret of the policy"}')
    await store.close()
    const files = [join(directory, 'index', 'data.mdb'), ...(await paths())]
    assert.equal(files.length, 2)
    for (const file of files) {
      const content = await readFile(file, 'latin1')
      assert.ok(!content.includes('the secret'), file)
      assert.ok(!content.includes(stored.etag), file)
    }
    store = await open()
    assert.equal((await get('k')).toString(), secret)
  })

  test('the same content is never the same file', async () => {
    for (const key of ['a', 'b']) await put(key, Buffer.from('same'))
    const [a, b] = await Promise.all((await paths()).map((path) => readFile(path)))
    assert.notDeepEqual(a, b)
  })

  test('each changed byte, each chunk missing, repeated or out of place, and the file of another object are found', async () => {
    const content = randomBytes(3 * chunkBytes + 100)
    await put('k', content)
    const [path = ''] = await paths()
    const sealed = await readFile(path)
    assert.equal(sealed.length, sealedSize(content.length))
    const chunk = (n: number) => sealed.subarray(n * sealedChunkBytes, (n + 1) * sealedChunkBytes)
    const flipped = (at: number): Buffer => {
      const bytes = Buffer.from(sealed)
      bytes[at]! ^= 1
      return bytes
    }
    const damages: [string, Buffer][] = [
      ...[0, chunkBytes, sealedChunkBytes, 2 * sealedChunkBytes - 1, sealed.length - 1].map((at): [string, Buffer] => [
        `byte ${at}`,
        flipped(at),
      ]),
      ['two chunks exchanged', Buffer.concat([chunk(1), chunk(0), chunk(2), chunk(3)])],
      ['a chunk twice', Buffer.concat([chunk(0), chunk(0), chunk(2), chunk(3)])],
      ['the last chunk missing', sealed.subarray(0, 3 * sealedChunkBytes)],
      ['a chunk missing', Buffer.concat([chunk(0), chunk(2), chunk(3)])],
      ['grown', Buffer.concat([sealed, Buffer.alloc(1)])],
      ['empty', Buffer.alloc(0)],
    ]
    for (const [what, bytes] of damages) {
      await writeFile(path, bytes)
      await assert.rejects(
        get('k'),
        hasCode('InternalError', /object k in logs is damaged: content [0-9a-f]{32} /),
        what,
      )
    }
    await writeFile(path, sealed)
    assert.ok((await get('k')).equals(content))
    await put('other', randomBytes(content.length))
    const [other = ''] = (await paths()).filter((found) => found !== path)
    await copyFile(other, path)
    await assert.rejects(get('k'), hasCode('InternalError'))
  })

  test('a damaged chunk spoils only the ranges that touch it', async () => {
    const content = randomBytes(3 * chunkBytes)
    await put('k', content)
    const [path = ''] = await paths()
    const sealed = await readFile(path)
    sealed[sealedChunkBytes + 5]! ^= 1
    await writeFile(path, sealed)
    const object = await store.objects.openObject({ bucket: 'logs', key: 'k', user })
    const read = async (from: number, to: number): Promise<Buffer> => {
      const pieces: Uint8Array[] = []
      for await (const piece of object.read({ from, to })) pieces.push(piece)
      return Buffer.concat(pieces)
    }
    assert.ok((await read(0, chunkBytes)).equals(content.subarray(0, chunkBytes)))
    assert.ok((await read(2 * chunkBytes, 3 * chunkBytes)).equals(content.subarray(2 * chunkBytes)))
    await assert.rejects(read(chunkBytes - 1, chunkBytes + 1), hasCode('InternalError'))
    await object.close()
  })

  test('an empty content has a chunk that is checked, too', async () => {
    await put('k', new Uint8Array(0))
    const [path = ''] = await paths()
    assert.equal((await get('k')).length, 0)
    await truncate(path, 0)
    await assert.rejects(get('k'), hasCode('InternalError'))
    await writeFile(path, Buffer.alloc(16))
    await assert.rejects(get('k'), hasCode('InternalError'))
  })
})

describe('the key ring', () => {
  const rootKey = (byte: string): string => byte.repeat(64)
  const control = createMemoryControlStore
  const openRing = (kept: ReturnType<typeof control>, root: string): Promise<KeyRing> =>
    openKeyRing({
      control: kept,
      source: { kind: 'environment', variable: 'ROOT', value: root },
      random: systemRandom,
      now: () => 1_000,
    })
  const keysOf = (ring: KeyRing): ObjectKeys =>
    createObjectKeys({ cipher: ring.cipher, indexKey: ring.derive('bucket index') })

  test('a new account key and a new root key change nothing for what is stored; without the root key nothing opens', async () => {
    const kept = control()
    const ring = await openRing(kept, rootKey('a'))
    await start(keysOf(ring))
    await put('first', Buffer.from('one'))
    await ring.rotate(owner as Parameters<KeyRing['rotate']>[0])
    await put('second', Buffer.from('two'))
    await ring.rewrap(parseRootKey(rootKey('b'), 'test'))
    await put('third', Buffer.from('three'))
    await store.close()
    await assert.rejects(openRing(kept, rootKey('a')), /the root key does not match/)
    keys = keysOf(await openRing(kept, rootKey('b')))
    store = await open()
    for (const [key, content] of [
      ['first', 'one'],
      ['second', 'two'],
      ['third', 'three'],
    ] as const)
      assert.equal((await get(key)).toString(), content)
  })

  test("with the keys of its owner's account an object is lost, and says so", async () => {
    const ring = await openRing(control(), rootKey('a'))
    await start(keysOf(ring))
    await put('k', Buffer.from('one'))
    await ring.destroy(owner as Parameters<KeyRing['destroy']>[0])
    await assert.rejects(
      get('k'),
      hasCode('InternalError', /the key of the object k in logs cannot be opened: .* destroyed/),
    )
    await put('k', Buffer.from('new'))
    assert.equal((await get('k')).toString(), 'new')
  })
})

describe('KMS keys', () => {
  /** One key, its alias `alias/trail`, and who used it for what. */
  function fakeKeyService() {
    const state = { isEnabled: true, denies: undefined as KeyUser['kind'] | undefined, calls: [] as string[] }
    const wrapped = new Map<string, { plaintext: Buffer; context: EncryptionContext }>()
    const check = (call: string, context: EncryptionContext, asker: KeyUser): void => {
      state.calls.push(`${call} ${asker.kind} ${JSON.stringify(context)}`)
      if (asker.kind === state.denies) throw new KeyServiceError('AccessDeniedException', 'not you')
      if (!state.isEnabled) throw new KeyServiceError('DisabledException', `${keyArn} is disabled`)
    }
    const service: KeyService = {
      async describe(key) {
        if (key !== keyArn && key !== 'alias/trail') throw new KeyServiceError('NotFoundException', `no ${key}`)
        return { arn: keyArn, account: owner, region: 'eu-central-1', isEnabled: state.isEnabled, isSymmetric: true }
      },
      mayGenerate: async () => true,
      async generateDataKey(_arn, context, asker) {
        check('generate', context, asker)
        const [plaintext, ciphertext] = [randomBytes(32), randomBytes(40)]
        wrapped.set(ciphertext.toString('hex'), { plaintext: Buffer.from(plaintext), context })
        return { keyArn, plaintext, ciphertext }
      },
      async decrypt(ciphertext, context, asker) {
        check('decrypt', context, asker)
        const found = wrapped.get(Buffer.from(ciphertext).toString('hex'))
        if (!found) throw new KeyServiceError('InvalidCiphertextException', 'unknown')
        assert.deepEqual(context, found.context)
        return { plaintext: Buffer.from(found.plaintext), keyArn }
      },
    }
    return { service, state }
  }
  let kms: ReturnType<typeof fakeKeyService>
  beforeEach(async () => {
    kms = fakeKeyService()
    await start({
      ...createObjectKeys({ cipher: { ...(await ringCipher()) }, indexKey: Buffer.alloc(32, 1), keys: kms.service }),
    })
  })
  const ringCipher = async () =>
    (
      await openKeyRing({
        control: createMemoryControlStore(),
        source: { kind: 'environment', variable: 'ROOT', value: 'c'.repeat(64) },
        random: systemRandom,
        now: () => 1_000,
      })
    ).cipher
  const encryption = { kind: 'aws:kms', keyId: 'alias/trail' } as const
  const read = async (key: string): Promise<string> => {
    const object = await store.objects.openObject({ bucket: 'logs', key, user })
    try {
      const pieces: Uint8Array[] = []
      for await (const piece of object.read({ from: 0, to: object.head.size })) pieces.push(piece)
      return Buffer.concat(pieces).toString()
    } finally {
      await object.close()
    }
  }

  test("a delivery's data key carries its trail and its object; reading back asks in the reader's name", async () => {
    const { etag } = await put('AWSLogs/k', Buffer.from('content'), { caller: delivery, encryption })
    assert.equal(etag, '9a0364b9e99bb480dd25e1f0284c8555')
    const context = JSON.stringify({ 'aws:cloudtrail:arn': trailArn, 'aws:s3:arn': 'arn:aws:s3:::logs/AWSLogs/k' })
    assert.equal(await read('AWSLogs/k'), 'content')
    assert.deepEqual(kms.state.calls, [`generate delivery ${context}`, `decrypt account ${context}`])
    const head = await store.objects.headObject({ bucket: 'logs', key: 'AWSLogs/k' })
    assert.deepEqual(head.encryption, { kind: 'aws:kms', keyId: keyArn })
  })

  test('a key that is disabled is out of use at once, for reading and writing, and in use again once it is enabled', async () => {
    await put('k', Buffer.from('content'), { encryption })
    assert.equal(await read('k'), 'content')
    kms.state.isEnabled = false
    await assert.rejects(read('k'), hasCode('KMS.DisabledException'))
    await assert.rejects(
      put('other', Buffer.from('x'), { caller: delivery, encryption }),
      hasCode('KMS.DisabledException'),
    )
    assert.equal((await contentFilesOf(directory)).length, 1)
    // Its head, and deleting it, need no key.
    assert.equal((await store.head('logs', 'k')).size, 7)
    kms.state.isEnabled = true
    assert.equal(await read('k'), 'content')
  })

  test('who may not use the key is denied, and a key that is none is named', async () => {
    await put('k', Buffer.from('content'), { caller: delivery, encryption })
    kms.state.denies = 'account'
    await assert.rejects(read('k'), hasCode('AccessDenied'))
    await assert.rejects(
      put('x', Buffer.from('x'), { encryption: { kind: 'aws:kms', keyId: 'alias/other' } }),
      hasCode('KMS.NotFoundException'),
    )
  })

  test("a bucket's own key is used where none is asked for; an upload has one data key for all its parts", async () => {
    await store.objects.changeSettings('logs', (settings) => ({
      ...settings,
      encryption: { ...encryption, bucketKey: true },
    }))
    const { uploadId } = await store.objects.createUpload({ bucket: 'logs', key: 'k', user })
    const parts = []
    for (const number of [1, 2]) {
      const body = (async function* () {
        yield Buffer.from(`content of part ${number}`)
      })()
      const { etag } = await store.objects.putPart({ bucket: 'logs', key: 'k', uploadId, number, user }, body)
      parts.push({ number, etag })
    }
    const stored = await store.objects.completeUpload({ bucket: 'logs', key: 'k', uploadId }, parts)
    assert.deepEqual(stored.encryption, { kind: 'aws:kms', keyId: keyArn, bucketKey: true })
    assert.equal(await read('k'), 'content of part 1content of part 2')
    const context = JSON.stringify({ 'aws:s3:arn': 'arn:aws:s3:::logs' })
    assert.deepEqual(
      kms.state.calls,
      ['generate', 'decrypt', 'decrypt', 'decrypt'].map((call) => `${call} account ${context}`),
    )
  })

  test('a store without a key service says so', async () => {
    await store.close()
    keys = { ...createTestKeys(), indexKey: Buffer.alloc(32, 1) }
    store = await open()
    await assert.rejects(put('k', Buffer.from('x'), { encryption }), hasCode('NotImplemented'))
  })
})
