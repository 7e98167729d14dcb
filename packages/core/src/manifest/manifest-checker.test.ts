import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { PlaceSet, readDigest, sha256Hex, type Place } from '../digest/index.ts'
import { fetchDigest } from '../digest/objects.testing.ts'
import { cleanTrails } from './clean-trails.testing.ts'
import {
  foldRange,
  type ManifestRange,
  createManifestChecker,
  type ManifestChecker,
  type ManifestOptions,
} from './index.ts'
import { rewrite, withHidden, manifestAt, partsAt, type ManifestTarget } from './damage-tools.testing.ts'
import { foreignKey } from '../digest/tampering.testing.ts'

const clean = await cleanTrails()
const [trail] = clean.trails
const digests = trail.written.map(({ place }) => place)
const targetOf = (objects = new Map(clean.objects)): ManifestTarget => ({
  objects,
  digests,
  others: [],
  insider: { signing: clean.signing, stream: trail.stream },
  foreignKey: foreignKey(),
})
const log = { origin: trail.stream.origin, verifiers: [trail.stream.logSigner.key] }

/** Checks one manifest without looking into its log files: what they would tell is left out. */
function check(checker: ManifestChecker, objects: ManifestTarget['objects'], place: Place): string[] {
  const fetched = fetchDigest(objects, place)
  const read = fetched.status === 'found' ? readDigest(fetched.bytes) : undefined
  if (fetched.status !== 'found' || !read?.ok) throw new Error('there is no such digest')
  const digest = checker.open({ place, digest: read.digest, sha256: sha256Hex(fetched.bytes) })
  const kinds: string[] = []
  for (let next = digest.next(); next; next = digest.next()) {
    const part = digest.add(fetchDigest(objects, next))
    kinds.push(...part.findings.map(({ kind }) => kind))
  }
  return [...kinds, ...digest.end().map(({ kind }) => kind)]
}

function checkAll(
  objects: ManifestTarget['objects'],
  places: readonly Place[],
  options: Partial<ManifestOptions> = {},
): string[] {
  const checker = createManifestChecker({ keys: clean.keys, log, ...options })
  const found = places.toReversed().flatMap((place) => check(checker, objects, place))
  return [...found, ...checker.end().findings.map(({ kind }) => kind)]
}

describe('checking manifests', () => {
  test('the newest tree is given to be kept, and is known again', () => {
    const checker = createManifestChecker({ keys: clean.keys, log })
    for (const place of digests.toReversed()) check(checker, clean.objects, place)
    const { newest } = checker.end()
    const { end } = manifestAt(clean.objects, partsAt(clean.objects, digests.at(-1)!).at(-1)!)
    assert.equal(newest?.size, end.sequence)
    assert.deepEqual(checkAll(clean.objects, digests, { kept: [newest] }), [])
    assert.deepEqual(checkAll(clean.objects, digests.slice(0, -1), { kept: [newest] }), ['newest-manifest-missing'])
  })

  test('a tree of another size than parts have is not compared, and that is said', () => {
    const root = new Uint8Array(32)
    assert.deepEqual(checkAll(clean.objects, digests, { kept: [{ size: 41, root }] }), ['kept-checkpoint-uncompared'])
    assert.deepEqual(checkAll(clean.objects, digests, { kept: [{ size: 5_000, root }] }), [
      'kept-checkpoint-uncompared',
    ])
    assert.deepEqual(checkAll(clean.objects, digests.slice(2), { kept: [{ size: 3, root }] }), [
      'older-manifests-absent',
    ])
    assert.deepEqual(checkAll(clean.objects, digests, { kept: [{ size: 40, root }] }), ['kept-checkpoint-differs'])
  })

  test('without the log’s keys, checkpoints are compared but not verified', () => {
    const checker = createManifestChecker({ keys: clean.keys })
    assert.deepEqual(check(checker, clean.objects, digests.at(-1)!), [])
    assert.deepEqual(
      checker.end().findings.map(({ kind }) => kind),
      ['older-manifests-absent', 'checkpoint-unverified'],
    )
  })

  test('digests before the first manifest need none', () => {
    const target = targetOf()
    for (const place of digests.slice(0, 2))
      for (const part of partsAt(target.objects, place)) target.objects.delete(`${part.bucket}/${part.key}`)
    const [first] = partsAt(target.objects, digests[2]!)
    rewrite(target, first!, (manifest) => ({ ...manifest, isFirst: true }))
    assert.deepEqual(checkAll(target.objects, digests), ['manifests-begin'])
  })

  test('manifests that begin anew where others ended are a gap', () => {
    const target = targetOf()
    const [part] = partsAt(target.objects, digests.at(-1)!)
    rewrite(target, part!, (manifest) => ({ ...manifest, isFirst: true }))
    assert.deepEqual(checkAll(target.objects, digests), ['manifests-restarted'])
  })

  test('a range that was given up is a gap, and its hashes hold the tree together', async () => {
    const target = targetOf()
    const idle = digests.find(
      (place) => manifestAt(target.objects, partsAt(target.objects, place)[0]!).ranges[0]?.files.length === 0,
    )!
    const [part] = partsAt(target.objects, idle)
    const abandoned = { reason: 'backlog', count: 3 }
    const [range] = manifestAt(target.objects, part!).ranges
    const given = await withHidden(target.insider.stream, { ...range!, abandoned })
    rewrite(target, part!, (manifest) => ({ ...manifest, ranges: [given] }))
    assert.deepEqual(checkAll(target.objects, digests), ['range-abandoned'])
    assert.deepEqual(foldRange(given, []).faults, [])
  })

  test('no two chains name the same file', () => {
    const ledger = new PlaceSet()
    const files = trail.written.flatMap(({ digest }) => digest.logFiles)
    assert.deepEqual(checkAll(clean.objects, digests, { ledger }), [])
    const again = checkAll(clean.objects, digests, { ledger })
    assert.deepEqual(
      again,
      files.map(() => 'file-twice'),
    )
  })

  test('results of other ranges than the part’s are refused', () => {
    const checker = createManifestChecker({ keys: clean.keys, log })
    const place = digests.at(-1)!
    const { digest, bytes } = trail.written.at(-1)!
    const one = checker.open({ place, digest, sha256: sha256Hex(bytes) })
    one.add(fetchDigest(clean.objects, one.next()!))
    const range: ManifestRange = { from: 0, to: 1, files: [], hidden: new Uint8Array(32) }
    assert.throws(() => one.fold([foldRange(range, [])]), RangeError)
  })

  test('digests without manifests are one finding, however many', () => {
    assert.deepEqual(
      checkAll(new Map([...clean.objects].filter(([name]) => !name.includes('OpenTrail-Manifest'))), digests),
      ['no-manifests'],
    )
    assert.deepEqual(checkAll(clean.objects, []), [])
  })
})
