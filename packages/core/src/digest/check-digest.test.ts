import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { cleanBucket } from './clean-bucket.testing.ts'
import { awsVerdict, checkDigest, checkLink, publicKeys, type AvailableDigest, type FetchedDigest } from './index.ts'
import { fetchDigest } from './objects.testing.ts'

const { objects, chains, keys, written } = cleanBucket()
const expected = chains[0]!.expected
const { place } = written[0]![1]!
const clean = fetchDigest(objects, place) as AvailableDigest
const kindsOf = (fetched: FetchedDigest, known = keys) =>
  checkDigest(fetched, { keys: known, expected }).findings.map(({ kind }) => kind)

const aws = (fetched: FetchedDigest, known = keys) =>
  awsVerdict(
    { type: 'digest', ...place, homeRegion: 'eu-west-1' },
    checkDigest(fetched, { keys: known, expected }).findings,
  )
const json = (change: (members: Record<string, unknown>) => void): AvailableDigest => {
  const members = JSON.parse(Buffer.from(clean.bytes).toString()) as Record<string, unknown>
  change(members)
  return { ...clean, bytes: Buffer.from(JSON.stringify(members)) }
}

describe('one digest', () => {
  test('a sound digest is authentic, and nothing is found', () => {
    const checked = checkDigest(clean, { keys, expected })
    assert.deepEqual(checked.findings, [])
    assert.ok(checked.isAuthentic)
  })

  test('no byte of a digest can be changed, none of its signature either', () => {
    for (let i = 0; i < clean.bytes.length; i++) {
      const bytes = Uint8Array.from(clean.bytes)
      bytes[i]! ^= 1
      assert.equal(checkDigest({ ...clean, bytes }, { keys, expected }).isAuthentic, false, `byte ${i}`)
    }
    const signature = clean.metadata['signature'] ?? ''
    for (let i = 0; i < signature.length; i++) {
      const changed = `${signature.slice(0, i)}${signature[i] === '0' ? '1' : '0'}${signature.slice(i + 1)}`
      const metadata = { ...clean.metadata, signature: changed }
      assert.deepEqual(kindsOf({ ...clean, metadata }), ['signature-invalid'], `digit ${i}`)
    }
  })

  test('no byte of an older digest can be changed without its successor showing it', () => {
    const [older, newer] = [checkDigest(clean, { keys, expected }), headOf(2)]
    assert.deepEqual(checkLink(newer, older.content!.head), [])
    const other = checkDigest(
      json((members) => (members['note'] = 1)),
      { keys, expected },
    ).content!.head
    assert.deepEqual(
      checkLink(newer, other).map(({ kind }) => kind),
      ['link-hash-differs'],
    )
    assert.deepEqual(
      checkLink(newer, headOf(0)).map(({ kind }) => kind),
      ['link-elsewhere'],
    )
  })

  test('a digest of another account, Region or trail is foreign', () => {
    for (const [name, value] of [
      ['account', '210000000009'],
      ['sourceRegion', 'us-west-2'],
      ['trailName', 'other'],
      ['homeRegion', 'us-west-2'],
      ['isBackfill', true],
    ] as const) {
      const { findings } = checkDigest(clean, { keys, expected: { ...expected, [name]: value } })
      const foreign = findings.filter(({ kind }) => kind === 'digest-foreign')
      assert.deepEqual(
        foreign.map(({ data }) => data['part']),
        [name],
      )
    }
  })

  test('a key that cannot be read, that bears another name, or whose time is over', () => {
    const source = { der: Buffer.from('no key'), validityStart: 0, validityEnd: Infinity }
    const fingerprint = checkDigest(clean, { keys, expected }).content!.digest.digestPublicKeyFingerprint
    assert.deepEqual(kindsOf(clean, publicKeys([{ ...source, fingerprint }])), ['key-unusable'])
    assert.deepEqual(kindsOf(clean, publicKeys([])), ['key-unknown'])
    const key = keys.get(fingerprint)!
    const late = { ...key, validityStart: Date.parse('2027-01-01T00:00:00Z'), validityEnd: Infinity }
    assert.deepEqual(kindsOf(clean, new Map([[fingerprint, late]])), ['key-not-valid-then'])
    const misnamed = { ...key, isNamedRightly: false }
    assert.deepEqual(kindsOf(clean, new Map([[fingerprint, misnamed]])), ['key-unusable'])
  })

  test('nothing throws, whatever members, metadata and keys hold', () => {
    const names = [...Object.keys(JSON.parse(Buffer.from(clean.bytes).toString()) as object), '__proto__', 'toString']
    const change = fc.tuple(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 3 }))
    const metadata = fc.dictionary(fc.constantFrom('signature', 'signature-algorithm', '__proto__'), fc.string())
    const key = fc.oneof(fc.string(), fc.constant(clean.key))
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), metadata, key, (changes, metadata, key) => {
        const changed = json((members) => changes.forEach(([name, value]) => (members[name] = value)))
        // The metadata lack the signature.
        assert.equal(checkDigest({ ...changed, metadata, key }, { keys, expected }).isAuthentic, false)
      }),
    )
  })
})

const headOf = (index: number) =>
  checkDigest(fetchDigest(objects, written[0]![index]!.place), { keys, expected }).content!.head

describe('what the AWS CLI says of it', () => {
  const withSignature = (signature: string): FetchedDigest => ({
    ...clean,
    metadata: { ...clean.metadata, signature },
  })
  const noKey = { der: Buffer.from('no key'), validityStart: 0, validityEnd: Infinity }
  const { fingerprint } = [...keys.values()].find((key) => Buffer.from(clean.bytes).includes(key.fingerprint))!
  const cases: readonly (readonly [FetchedDigest, string, typeof keys?])[] = [
    [{ ...place, status: 'not-found' }, 'not found'],
    [{ ...place, status: 'not-gzip' }, 'invalid format'],
    [{ ...place, status: 'cut-short' }, 'invalid format'],
    [{ ...clean, bytes: Buffer.from('x'), metadata: {} }, 'invalid format'],
    [json((members) => delete members['digestStartTime']), 'invalid format'],
    [{ ...json((members) => delete members['digestStartTime']), metadata: {} }, 'signature verification failed'],
    [{ ...clean, metadata: {} }, 'signature verification failed'],
    [{ ...clean, key: `${clean.key}x`, metadata: {} }, 'signature verification failed'],
    [{ ...clean, key: `${clean.key}x` }, 'has been moved from its original location'],
    [clean, `public key not found in region eu-west-1 for fingerprint ${fingerprint}`, publicKeys([])],
    [clean, `Unable to load PKCS #1 key with fingerprint ${fingerprint}`, publicKeys([{ ...noKey, fingerprint }])],
    [withSignature('xy'), 'Non-hexadecimal digit found'],
    [withSignature('abc'), 'Odd-length string'],
    [withSignature('abcd'), 'signature verification failed'],
    // A member that the CLI does not look at: it goes on, to the signature.
    [json((members) => (members['awsAccountId'] = 5)), 'signature verification failed'],
  ]
  test.each(cases.map((one) => [one[1], one] as const))('INVALID: %s', (text, [fetched, , known]) => {
    const line = `Digest file\ts3://${place.bucket}/${place.key}\tINVALID: ${text}`
    assert.deepEqual(aws(fetched, known), { status: 'invalid', text: line })
  })

  test('it does not see what it does not look at, and aborts where the store refuses', () => {
    const valid = { status: 'valid', text: `Digest file\ts3://${place.bucket}/${place.key}\tvalid` }
    assert.deepEqual(aws(clean), valid)
    assert.deepEqual(aws({ ...clean, hasTrailingData: true }), valid)
    assert.deepEqual(aws({ ...clean, metadata: { ...clean.metadata, 'signature-algorithm': 'x' } }), valid)
    assert.deepEqual(aws({ ...place, status: 'unreadable', reason: 'AccessDenied' }), { status: 'aborted' })
  })
})
