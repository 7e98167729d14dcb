import type { SigningKey } from './clean-bucket.testing.ts'
import {
  contentAt,
  digestAt,
  expect,
  logsAt,
  objectAt,
  put,
  rowOf,
  type Damage,
  type DamageTarget,
  type Expected,
} from './damage-target.testing.ts'
import { digestBytes, type DigestFile } from './digest-file.ts'
import { digestKey, parseDigestKey } from './digest-key.ts'
import { digestMetadata, sha256Hex, signDigest, textToSign } from './digest-signature.ts'
import type { Place } from './fetched.ts'
import { zip } from './objects.testing.ts'

type Insider = NonNullable<DamageTarget['insider']>

/** Writes a digest as the service would, with whatever is in it. */
function write({ objects }: DamageTarget, place: Place, digest: DigestFile, key: SigningKey): void {
  const located = {
    ...digest,
    digestS3Bucket: place.bucket,
    digestS3Object: place.key,
    digestPublicKeyFingerprint: key.fingerprint,
  }
  const bytes = digestBytes(located)
  const signature = signDigest(textToSign(located, bytes), key.privateKey)
  put(objects, place, { body: zip(bytes), metadata: { ...digestMetadata(signature) } })
}

/** Rewrites the newest digest, to which no other is linked yet. */
const toNewest = (
  name: string,
  change: (digest: DigestFile, target: DamageTarget) => Partial<DigestFile>,
  expected: (place: Place, target: DamageTarget) => Expected[],
): Damage => ({
  name,
  reach: 'chain',
  apply(target) {
    const place = target.chain.at(-1)
    if (!place || !target.insider) return undefined
    const digest = digestAt(target.objects, place)
    write(target, place, { ...digest, ...change(digest, target) }, target.insider.current)
    return expected(place, target)
  },
})

const toRow = (
  length: number,
  name: string,
  act: (target: DamageTarget, insider: Insider, row: readonly Place[]) => Expected[],
): Damage => ({
  name,
  reach: 'row',
  apply(target) {
    const row = rowOf(target, length)
    return row && target.insider && act(target, target.insider, row)
  },
})

const moved = (time: string, seconds: number): string =>
  `${new Date(Date.parse(time) + seconds * 1000).toISOString().slice(0, 19)}Z`

/** The digest's place, and its content, at another end. */
function shifted(digest: DigestFile, seconds: number): { readonly place: Place; readonly digest: DigestFile } {
  const name = parseDigestKey(digest.digestS3Object)
  if (!name) throw new Error(`${digest.digestS3Object} is no digest`)
  const key = digestKey({ ...name, endTime: name.endTime + seconds * 1000 })
  const [digestStartTime, digestEndTime] = [
    moved(digest.digestStartTime, seconds),
    moved(digest.digestEndTime, seconds),
  ]
  const content = {
    ...digest,
    digestStartTime,
    digestEndTime,
    logFiles: [],
    newestEventTime: null,
    oldestEventTime: null,
  }
  return { place: { bucket: digest.digestS3Bucket, key }, digest: content }
}

const noPrevious = {
  previousDigestS3Bucket: null,
  previousDigestS3Object: null,
  previousDigestHashValue: null,
  previousDigestHashAlgorithm: null,
  previousDigestSignature: null,
}

const newestDamages: readonly Damage[] = [
  toNewest(
    'a window begins ten minutes late',
    ({ digestStartTime }) => ({ digestStartTime: moved(digestStartTime, 600) }),
    (place) => [...expect('window-length', place), ...expect('window-hole', place)],
  ),
  toNewest(
    'a window begins ten minutes early',
    ({ digestStartTime }) => ({ digestStartTime: moved(digestStartTime, -600) }),
    (place) => [...expect('window-length', place), ...expect('window-overlap', place)],
  ),
  toNewest(
    'a digest is linked to another trail’s or Region’s',
    (_, { others }) => ({
      previousDigestS3Bucket: others[0]?.[0]?.bucket ?? '',
      previousDigestS3Object: others[0]?.[0]?.key ?? '',
    }),
    (place) => expect('link-elsewhere', place),
  ),
  toNewest(
    'a digest is linked to itself',
    ({ digestS3Bucket, digestS3Object }) => ({
      previousDigestS3Bucket: digestS3Bucket,
      previousDigestS3Object: digestS3Object,
    }),
    (place) => expect('link-elsewhere', place),
  ),
  toNewest(
    'one of the members of a link is null',
    () => ({ previousDigestHashAlgorithm: null }),
    (place) => expect('link-incomplete', place),
  ),
  toNewest(
    'a digest begins a new chain without a pause',
    () => noPrevious,
    (place) => expect('chain-restarted', place),
  ),
  toNewest(
    'a log file is listed twice in a digest',
    ({ logFiles }) => ({ logFiles: [...logFiles, ...logFiles.slice(0, 1)] }),
    (place) => expect('log-file-listed-twice', place),
  ),
  toNewest(
    'a log file of an older digest is listed again',
    ({ logFiles, previousDigestS3Bucket, previousDigestS3Object }, { objects }) => {
      const older = { bucket: previousDigestS3Bucket ?? '', key: previousDigestS3Object ?? '' }
      return { logFiles: [...logFiles, ...digestAt(objects, older).logFiles.slice(0, 1)] }
    },
    (place, { objects, chain }) => [
      ...expect('event-times-differ', place),
      ...(digestAt(objects, chain.at(-2)!).logFiles.length > 0 ? expect('log-file-listed-twice', chain.at(-2)!) : []),
    ],
  ),
  toNewest(
    'the event times of a digest are not those of its log files',
    ({ oldestEventTime }) => ({ oldestEventTime: oldestEventTime === null ? '2026-01-01T00:00:00Z' : null }),
    (place) => expect('event-times-differ', place),
  ),
  {
    name: 'a digest lists a log file of another account',
    reach: 'chain',
    apply(target) {
      const place = target.chain.at(-1)
      const digest = place && digestAt(target.objects, place)
      const entry = digest?.logFiles[0]
      if (!place || !entry || !target.insider) return undefined
      const s3Object = entry.s3Object.replaceAll(digest.awsAccountId, '999999999999')
      put(target.objects, { bucket: entry.s3Bucket, key: s3Object }, objectAt(target.objects, place))
      put(
        target.objects,
        { bucket: entry.s3Bucket, key: s3Object },
        objectAt(target.objects, logsAt(target.objects, place)[0]!),
      )
      write(
        target,
        place,
        { ...digest, logFiles: [...digest.logFiles, { ...entry, s3Object }] },
        target.insider.current,
      )
      return expect('log-file-foreign', place)
    },
  },
  {
    name: 'a digest is signed with a key that is no longer valid',
    reach: 'chain',
    apply(target) {
      const place = target.chain.at(-1)
      if (!place || !target.insider) return undefined
      write(target, place, digestAt(target.objects, place), target.insider.expired)
      return [...expect('key-not-valid-then', place), ...expect('log-file-unproven', ...logsAt(target.objects, place))]
    },
  },
]

const rowDamages: readonly Damage[] = [
  toRow(1, 'a digest is rewritten without one of its log files', (target, insider, [place]) => {
    const digest = digestAt(target.objects, place!)
    const [dropped] = logsAt(target.objects, place!)
    const logFiles = digest.logFiles.slice(1)
    const times = logFiles.flatMap((file) => [file.newestEventTime, file.oldestEventTime]).toSorted()
    const range = { newestEventTime: times.at(-1) ?? null, oldestEventTime: times[0] ?? null }
    write(target, place!, { ...digest, ...range, logFiles }, keyOf(insider, digest))
    return [
      ...expect('link-hash-differs', place!),
      ...expect('link-signature-differs', place!),
      ...expect('log-file-unlisted', dropped!),
    ]
  }),
  toRow(1, 'the chain forks: a second digest of the same hour', (target, insider, [place]) => {
    const digest = digestAt(target.objects, place!)
    const fork = { bucket: `${place!.bucket}-fork`, key: place!.key }
    const empty = { logFiles: [], newestEventTime: null, oldestEventTime: null }
    write(target, fork, { ...digest, ...empty }, keyOf(insider, digest))
    return expect('fork', fork)
  }),
  toRow(1, 'the chain forks: a second digest after the same one', (target, insider, [place]) => {
    const digest = digestAt(target.objects, place!)
    const fork = shifted(digest, 60)
    write(target, fork.place, fork.digest, keyOf(insider, digest))
    // The one that follows is linked to the digest, which is older than the fork.
    return expect('digest-unlinked', fork.place)
  }),
  toRow(1, 'the chain forks: two digests after the same one, the newer is followed', (target, insider, [place]) => {
    const digest = digestAt(target.objects, place!)
    const fork = shifted(digest, -60)
    write(target, fork.place, fork.digest, keyOf(insider, digest))
    return expect('fork', fork.place)
  }),
  toRow(1, 'a digest is inserted that no other is linked to', (target, insider, [place]) => {
    const digest = digestAt(target.objects, place!)
    const extra = shifted({ ...digest, ...noPrevious }, 60)
    write(target, extra.place, extra.digest, keyOf(insider, digest))
    return expect('digest-unlinked', extra.place)
  }),
  toRow(2, 'two digests are rewritten, and linked to one another', (target, insider, [older, newer]) => {
    const first = digestAt(target.objects, older!)
    const second = digestAt(target.objects, newer!)
    write(target, older!, { ...first, logFiles: first.logFiles.toReversed() }, keyOf(insider, first))
    const link = {
      previousDigestHashValue: sha256Hex(contentAt(target.objects, older!)),
      previousDigestSignature: objectAt(target.objects, older!).metadata['signature'] ?? '',
    }
    write(target, newer!, { ...second, ...link }, keyOf(insider, second))
    return [...expect('link-hash-differs', newer!), ...expect('link-signature-differs', newer!)]
  }),
]

/** The key that was in use when the digest was made. */
const keyOf = ({ current, expired }: Insider, { digestPublicKeyFingerprint }: DigestFile): SigningKey =>
  expired.fingerprint === digestPublicKeyFingerprint ? expired : current

/** What takes the service's own key. */
export const insiderDamages: readonly Damage[] = [...newestDamages, ...rowDamages]
