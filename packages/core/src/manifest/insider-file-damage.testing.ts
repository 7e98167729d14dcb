import { contentAt, digestAt } from '../digest/damage-target.testing.ts'
import { sha256Hex, type DigestLogFile, type Place } from '../digest/index.ts'
import { parseLogFileKey } from '../delivery/index.ts'
import { putLogFile } from './clean-stream.testing.ts'
import {
  expect,
  manifestAt,
  partsAt,
  rewrite,
  rewriteDigest,
  toMiddle,
  withHidden,
  type ExpectedFinding,
  type ManifestDamage,
  type ManifestTarget,
} from './damage-tools.testing.ts'
import type { ManifestFile, ManifestRange } from './index.ts'
import { movedTo, offsetsOf } from './range-damage.testing.ts'

const recordsIn = (content: Uint8Array): Uint8Array[] =>
  (JSON.parse(Buffer.from(content).toString()) as { readonly Records: readonly unknown[] }).Records.map((record) =>
    Buffer.from(JSON.stringify(record)),
  )

/** Writes the first log file of a part with other records, and all that names its hash: digests and manifests, signed anew. */
const rewriteLogFile = (
  name: string,
  change: (records: readonly Uint8Array[]) => readonly Uint8Array[],
  entry: (target: ManifestTarget, file: ManifestFile, range: ManifestRange) => ManifestRange | Promise<ManifestRange>,
  expected: (part: Place, target: ManifestTarget) => readonly ExpectedFinding[],
  kept?: ManifestDamage['kept'],
): ManifestDamage => ({
  ...toMiddle(name, async (target, [part], digest) => {
    const [range, ...ranges] = manifestAt(target.objects, part).ranges
    const [file, ...files] = range!.files
    const place = { bucket: file!.s3Bucket, key: file!.s3Object }
    const records = change(recordsIn(contentAt(target.objects, place)))
    const { hashValue } = putLogFile(target.objects, place, records, 0)
    const changed = await entry(
      target,
      { ...file!, hashValue },
      { ...range!, files: [{ ...file!, hashValue }, ...files] },
    )
    rewrite(target, part, (manifest) => ({ ...manifest, ranges: [changed, ...ranges] }))
    rewriteDigest(target, digest, (old) => ({
      ...old,
      logFiles: old.logFiles.map((each) => (each.s3Object === place.key ? { ...each, hashValue } : each)),
    }))
    return expected(part, target)
  }),
  ...(kept && { kept }),
})

/** The file without its last record. */
const shortened = (file: ManifestFile, range: ManifestRange): Omit<ManifestRange, 'hidden'> => ({
  ...range,
  files: [movedTo(file, offsetsOf(file, range).slice(0, -1)), ...range.files.slice(1)],
})

const allButLast = (records: readonly Uint8Array[]): readonly Uint8Array[] => records.slice(0, -1)
const hideLast = (target: ManifestTarget, file: ManifestFile, range: ManifestRange): Promise<ManifestRange> =>
  withHidden(target.insider.stream, shortened(file, range))

const newestDigest: ManifestDamage['kept'] = ({ objects, digests }) => {
  const place = digests.at(-1)!
  return { digest: { ...place, sha256: sha256Hex(contentAt(objects, place)) } }
}
const newestTree: ManifestDamage['kept'] = ({ objects, digests }) => {
  const { end } = manifestAt(objects, partsAt(objects, digests.at(-1)!).at(-1)!)
  return { trees: [{ size: end.sequence, root: end.root, isManifestEnd: true }] }
}

const records: readonly ManifestDamage[] = [
  rewriteLogFile(
    'a record is changed, and everything signed anew',
    (all) => all.map((record, index) => (index === 0 ? Buffer.from(`{"eventVersion":"1.12"}`) : record)),
    (_target, _file, range) => range,
    (part) => expect('root-mismatch', part),
  ),
  rewriteLogFile(
    'two records change places, and everything is signed anew',
    ([one, other, ...rest]) => [other!, one!, ...rest],
    (_target, _file, range) => range,
    (part) => expect('root-mismatch', part),
  ),
  rewriteLogFile(
    'a record is dropped, and everything signed anew',
    allButLast,
    (_target, _file, range) => range,
    (part) => expect('record-count', part),
  ),
  rewriteLogFile(
    'a record is dropped with its position, and everything signed anew',
    allButLast,
    async (target, file, range) => {
      const honest = await hideLast(target, file, range)
      return { ...honest, hidden: new Uint8Array(honest.hidden.length) }
    },
    (part) => expect('root-mismatch', part),
  ),
  // What nobody can see who kept nothing, or only the tree: the record is among the hidden ones from now on.
  rewriteLogFile('a delivered record is hidden later, and everything signed anew', allButLast, hideLast, () => []),
  rewriteLogFile(
    'a delivered record is hidden later, and the newest tree was kept',
    allButLast,
    hideLast,
    () => [],
    newestTree,
  ),
  rewriteLogFile(
    'a delivered record is hidden later, and the newest digest was kept',
    allButLast,
    hideLast,
    (_, { digests }) => expect('checkpoint-differs', digests.at(-1)!),
    newestDigest,
  ),
]

/** The newest digest and manifest. */
const toNewest = (
  name: string,
  act: (target: ManifestTarget, digest: Place, part: Place) => ReturnType<ManifestDamage['apply']>,
): ManifestDamage => ({
  name,
  apply(target) {
    const digest = target.digests.at(-1)!
    const [part] = partsAt(target.objects, digest)
    return part && digestAt(target.objects, digest).logFiles.length > 1 ? act(target, digest, part) : undefined
  },
})

const files: readonly ManifestDamage[] = [
  toNewest('an invented log file is put in a digest', (target, digest, part) => {
    rewriteDigest(target, digest, (old) => ({
      ...old,
      logFiles: [...old.logFiles, invented(target, old.logFiles[0]!)],
    }))
    return expect('digest-file-not-in-manifest', part)
  }),
  toNewest('a digest no longer lists a log file', (target, digest, part) => {
    rewriteDigest(target, digest, (old) => ({ ...old, logFiles: old.logFiles.slice(1) }))
    return expect('file-not-in-digest', part)
  }),
  toNewest('a manifest names another hash of a log file', (target, _, part) => {
    rewrite(target, part, ({ ranges: [range, ...ranges], ...manifest }) => {
      const [file, ...rest] = range!.files
      return {
        ...manifest,
        ranges: [{ ...range!, files: [{ ...file!, hashValue: '00'.repeat(32) }, ...rest] }, ...ranges],
      }
    })
    return [...expect('file-not-in-digest', part), ...expect('range-unproven', part)]
  }),
  toNewest('an older log file is delivered again in place of one', (target, _, part) => {
    const [older] = target.digests.slice(1, -1).flatMap((each) => partsAt(target.objects, each))
    const again = older && manifestAt(target.objects, older).ranges.flatMap((range) => range.files)[0]
    if (!older || !again) return undefined
    rewrite(target, part, ({ ranges: [range, ...ranges], ...manifest }) => {
      const [file, ...rest] = range!.files
      const { count, positions } = file!
      return { ...manifest, ranges: [{ ...range!, files: [{ ...again, count, positions }, ...rest] }, ...ranges] }
    })
    const isSameCount = again.count === manifestAt(target.objects, part).ranges[0]!.files[0]!.count
    return [
      ...expect('file-not-in-digest', part),
      ...expect('digest-file-not-in-manifest', part),
      ...expect(isSameCount ? 'root-mismatch' : 'record-count', part),
      ...expect('file-twice', older),
    ]
  }),
]

/** A log file beside another one, with a record that nobody sent. */
function invented({ objects }: ManifestTarget, beside: DigestLogFile): DigestLogFile {
  const unique = parseLogFileKey(beside.s3Object)?.unique ?? ''
  const key = beside.s3Object.replace(`_${unique}.`, '_A0b1C2d3E4f5G6h7.')
  const record = Buffer.from('{"eventName":"Invented","eventCategory":"Management"}')
  const { hashValue } = putLogFile(objects, { bucket: beside.s3Bucket, key }, [record], 0)
  return { ...beside, s3Object: key, hashValue }
}

export const insiderFileDamages: readonly ManifestDamage[] = [...records, ...files]
