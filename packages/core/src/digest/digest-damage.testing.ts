import {
  contentAt,
  digestAt,
  edit,
  expect,
  logsAt,
  objectAt,
  put,
  remove,
  rowOf,
  type Damage,
  type DamageTarget,
  type Expected,
} from './damage-target.testing.ts'
import { digestBytes, type DigestFile } from './digest-file.ts'
import { digestKey, parseDigestKey, type DigestName } from './digest-key.ts'
import { signDigest, textToSign } from './digest-signature.ts'
import type { Place } from './fetched.ts'
import { zip } from './objects.testing.ts'

/** Damages a row of `length` digests in the middle of the chain; given oldest first, with their log files. */
const toRow = (
  length: number,
  name: string,
  act: (target: DamageTarget, row: readonly Place[], logs: readonly Place[]) => Expected[],
): Damage => ({
  name,
  reach: 'row',
  apply(target) {
    const row = rowOf(target, length)
    return row && act(target, row, logsAt(target.objects, ...row))
  },
})
const toOne = (
  name: string,
  act: (target: DamageTarget, digest: Place, logs: readonly Place[]) => Expected[],
): Damage => toRow(1, name, (target, row, logs) => act(target, row[0]!, logs))

const rewrite = (target: DamageTarget, place: Place, change: (digest: DigestFile) => DigestFile): void =>
  edit(target.objects, place, () => digestBytes(change(digestAt(target.objects, place))))

/** A metadata change leaves the content as the next digest was linked to it, so its log files are still proved. */
const toMetadata = (name: string, kind: Expected['kind'], change: (metadata: Record<string, string>) => void): Damage =>
  toOne(name, ({ objects }, place) => {
    const metadata = { ...objectAt(objects, place).metadata }
    change(metadata)
    put(objects, place, { metadata })
    return expect(kind, place)
  })

const contentDamages: readonly Damage[] = [
  toOne('a hash in a digest is changed', (target, digest, logs) => {
    rewrite(target, digest, ({ logFiles, ...rest }) => ({
      ...rest,
      logFiles: logFiles.map((file) => ({
        ...file,
        hashValue: file.hashValue.replace(/^./, (c) => (c === '0' ? '1' : '0')),
      })),
    }))
    return [...expect('signature-invalid', digest), ...expect('log-file-unproven', ...logs)]
  }),
  toOne('the entries of a digest change places', (target, digest, logs) => {
    rewrite(target, digest, (old) => ({ ...old, logFiles: old.logFiles.toReversed() }))
    return [...expect('signature-invalid', digest), ...expect('log-file-unproven', ...logs)]
  }),
  toOne('an entry is removed from a digest, and its log file deleted', (target, digest, [first, ...logs]) => {
    rewrite(target, digest, (old) => ({ ...old, logFiles: old.logFiles.slice(1) }))
    remove(target.objects, first!)
    const isLess = expect('event-times-differ', digest)
    const { newestEventTime, oldestEventTime, logFiles } = digestAt(target.objects, digest)
    const times = logFiles.flatMap((file) => [file.newestEventTime, file.oldestEventTime]).toSorted()
    const isSame = times[0] === oldestEventTime && times.at(-1) === newestEventTime
    return [...expect('signature-invalid', digest), ...(isSame ? [] : isLess), ...expect('log-file-unproven', ...logs)]
  }),
  toOne('a window is shifted by a second', (target, digest, logs) => {
    const later = (time: string) => `${new Date(Date.parse(time) + 1000).toISOString().slice(0, 19)}Z`
    rewrite(target, digest, (old) => ({
      ...old,
      digestStartTime: later(old.digestStartTime),
      digestEndTime: later(old.digestEndTime),
    }))
    return [
      ...expect('signature-invalid', digest),
      ...expect('digest-misnamed', digest),
      ...expect('log-file-unproven', ...logs),
    ]
  }),
  toOne('a member of a digest changes its type', ({ objects }, digest, logs) => {
    edit(objects, digest, (content) => content.toString().replace(/"awsAccountId":"(\d+)"/, '"awsAccountId":$1'))
    return [
      ...expect('digest-format', digest),
      ...expect('signature-invalid', digest),
      ...expect('log-file-unproven', ...logs),
    ]
  }),
  toOne('a digest is no JSON', ({ objects }, digest, logs) => {
    edit(objects, digest, (content) => content.subarray(1))
    return [...expect('digest-format', digest), ...expect('log-file-unproven', ...logs)]
  }),
  toOne('a digest is cut short', ({ objects }, digest, logs) => {
    put(objects, digest, { body: objectAt(objects, digest).body.slice(0, -40) })
    return [...expect('digest-format', digest), ...expect('log-file-unproven', ...logs)]
  }),
  toOne('bytes are appended to a digest', ({ objects }, digest) => {
    put(objects, digest, { body: Buffer.concat([objectAt(objects, digest).body, Buffer.from('x')]) })
    return expect('digest-trailing-data', digest)
  }),
  toOne('a second gzip member is appended to a digest', ({ objects }, digest) => {
    put(objects, digest, { body: Buffer.concat([objectAt(objects, digest).body, zip('{}')]) })
    return expect('digest-trailing-data', digest)
  }),
  toOne('a digest is compressed anew, which is harmless', ({ objects }, digest) => {
    put(objects, digest, { body: zip(contentAt(objects, digest), 0) })
    return []
  }),
]

/** An outsider signs with a key of his own. */
function signAnew({ objects, foreignKey }: DamageTarget, place: Place): void {
  const signature = signDigest(textToSign(digestAt(objects, place), contentAt(objects, place)), foreignKey.privateKey)
  put(objects, place, { metadata: { ...objectAt(objects, place).metadata, signature } })
}

const signatureDamages: readonly Damage[] = [
  toMetadata('the signature is removed', 'signature-missing', (metadata) => delete metadata['signature']),
  toMetadata('the algorithm is removed', 'signature-missing', (metadata) => delete metadata['signature-algorithm']),
  toMetadata('the algorithm is changed', 'signature-algorithm-differs', (metadata) => {
    metadata['signature-algorithm'] = 'SHA1withRSA'
  }),
  toMetadata('the signature is no hexadecimal text', 'signature-malformed', (metadata) => {
    metadata['signature'] = `g${metadata['signature']!.slice(1)}`
  }),
  toMetadata('the signature is of odd length', 'signature-malformed', (metadata) => {
    metadata['signature'] = metadata['signature']!.slice(1)
  }),
  toMetadata('a bit of the signature is changed', 'signature-invalid', (metadata) => {
    metadata['signature'] = metadata['signature']!.replace(/.$/, (digit) =>
      (Number.parseInt(digit, 16) ^ 1).toString(16),
    )
  }),
  toRow(2, 'a digest gets the signature of the one before', ({ objects }, [older, digest]) => {
    put(objects, digest!, { metadata: objectAt(objects, older!).metadata })
    return expect('signature-invalid', digest!)
  }),
  toOne('a digest is changed and signed with another key', (target, digest, logs) => {
    rewrite(target, digest, (old) => ({ ...old, logFiles: old.logFiles.toReversed() }))
    signAnew(target, digest)
    return [...expect('signature-invalid', digest), ...expect('log-file-unproven', ...logs)]
  }),
  toOne('a digest is changed to name the key that it is signed with', (target, digest, logs) => {
    rewrite(target, digest, (old) => ({ ...old, digestPublicKeyFingerprint: target.foreignKey.fingerprint }))
    signAnew(target, digest)
    return [...expect('key-unknown', digest), ...expect('log-file-unproven', ...logs)]
  }),
  {
    name: 'the signature of the newest digest is removed',
    reach: 'chain',
    apply({ objects, chain }) {
      const newest = chain.at(-1)
      if (!newest) return undefined
      const logs = logsAt(objects, newest)
      put(objects, newest, { metadata: {} })
      return [...expect('signature-missing', newest), ...expect('log-file-unproven', ...logs)]
    },
  },
]

/** The newest `count` digests, where a digest that is linked to them would tell were there one. */
const toNewest = (
  count: number,
  name: string,
  act: (target: DamageTarget, digests: readonly Place[], left: Place) => Expected[],
): Damage => ({
  name,
  reach: 'chain',
  apply(target) {
    const left = target.chain.at(-count - 1)
    return left && act(target, target.chain.slice(-count), left)
  },
})

const deletions: readonly Damage[] = [
  toOne('a digest is deleted', ({ objects }, digest, logs) => {
    remove(objects, digest)
    return [...expect('digest-missing', digest), ...expect('log-file-unproven', ...logs)]
  }),
  toOne('a digest is deleted with its log files', ({ objects }, digest, logs) => {
    remove(objects, digest, ...logs)
    return expect('digest-missing', digest)
  }),
  ...[2, 3].map((length) =>
    toRow(length, `${length} neighbouring digests are deleted`, ({ objects, chain }, row, logs) => {
      remove(objects, ...row)
      const left = chain[chain.indexOf(row[0]!) - 1]!
      return [
        ...expect('digest-missing', row.at(-1)!),
        ...expect('window-unproven', left),
        ...expect('log-file-unproven', ...logs),
      ]
    }),
  ),
  toNewest(1, 'the newest digest is deleted', ({ objects }, digests, left) => {
    const logs = logsAt(objects, ...digests)
    remove(objects, ...digests)
    return [...expect('newest-digest-missing', left), ...expect('log-file-not-yet-digested', ...logs)]
  }),
  toNewest(2, 'the chain is rolled back by two hours', ({ objects }, digests, left) => {
    remove(objects, ...logsAt(objects, ...digests), ...digests)
    return expect('newest-digest-missing', left)
  }),
]

/** The place that a digest would have with some other parts of its name. */
function placeWith(place: Place, parts: Partial<Parameters<typeof digestKey>[0]>): Place {
  const name = parseDigestKey(place.key)
  if (!name) throw new Error(`${place.key} is no digest`)
  return { bucket: place.bucket, key: digestKey({ ...name, ...parts }) }
}

/** A digest takes the place of one of another chain; `isFit` says of which. */
const replay = (name: string, isFit: (one: DigestName, other: DigestName) => boolean): Damage => ({
  name,
  reach: 'chain',
  apply(target) {
    const [digest] = rowOf(target, 1) ?? []
    const own = digest && parseDigestKey(digest.key)
    const chain = own && target.others.find(([place]) => isFit(own, parseDigestKey(place!.key)!))
    const [victim] = (chain && rowOf({ ...target, chain }, 1)) ?? []
    if (!own || !victim) return undefined
    const logs = logsAt(target.objects, victim)
    const { endTime, sourceRegion } = parseDigestKey(victim.key)!
    put(target.objects, victim, objectAt(target.objects, digest))
    const isOtherRegion = own.sourceRegion !== sourceRegion
    return [
      ...expect('digest-moved', victim),
      ...(own.endTime === endTime ? [] : expect('digest-misnamed', victim)),
      ...(isOtherRegion && target.areKeysByRegion ? expect('key-unknown', victim) : []),
      // Of another Region's log files, another Region's digest says nothing.
      ...(isOtherRegion
        ? digestAt(target.objects, digest).logFiles.flatMap(() => expect('log-file-foreign', victim))
        : []),
      ...expect('log-file-unproven', ...logs),
    ]
  },
})

const displacements: readonly Damage[] = [
  toRow(2, 'two digests are swapped', ({ objects }, [older, newer], logs) => {
    const [first, second] = [objectAt(objects, older!), objectAt(objects, newer!)]
    put(objects, older!, second)
    put(objects, newer!, first)
    const both = [older!, newer!]
    return [
      ...expect('digest-moved', ...both),
      ...expect('digest-misnamed', ...both),
      ...expect('log-file-unproven', ...logs),
    ]
  }),
  toOne('a digest is renamed', ({ objects }, digest, logs) => {
    const renamed = placeWith(digest, { endTime: parseDigestKey(digest.key)!.endTime + 1000 })
    put(objects, renamed, objectAt(objects, digest))
    remove(objects, digest)
    return [
      ...expect('digest-moved', renamed),
      ...expect('digest-misnamed', renamed),
      ...expect('digest-missing', digest),
      ...expect('log-file-unproven', ...logs),
    ]
  }),
  toOne('a digest is copied into another bucket', ({ objects }, digest) => {
    const copy = { bucket: `${digest.bucket}-copy`, key: digest.key }
    put(objects, copy, objectAt(objects, digest))
    return expect('digest-moved', copy)
  }),
  toOne('a digest is copied under another prefix', ({ objects }, digest) => {
    const copy = placeWith(digest, { keyPrefix: 'archive' })
    put(objects, copy, objectAt(objects, digest))
    return expect('digest-moved', copy)
  }),
  replay('a digest is copied over one of another Region', (one, other) => one.sourceRegion !== other.sourceRegion),
  replay('a digest is copied over one of another trail', (one, other) => one.trailName !== other.trailName),
  {
    name: 'a digest is copied into another trail’s folder',
    reach: 'chain',
    apply(target) {
      const [digest] = rowOf(target, 1) ?? []
      const trailName = parseDigestKey(digest?.key ?? '')?.trailName
      const other = target.others.find(([place]) => {
        const name = parseDigestKey(place?.key ?? '')?.trailName
        return name !== undefined && name !== trailName
      })
      const otherName = parseDigestKey(other?.[0]?.key ?? '')?.trailName
      if (!digest || !other || otherName === undefined) return undefined
      const copy = placeWith(digest, { trailName: otherName })
      const newest = parseDigestKey(other.at(-1)!.key)!.endTime
      // A copy that were the newest of that chain would hide what it is newest of.
      if (parseDigestKey(copy.key)!.endTime >= newest) return undefined
      put(target.objects, copy, objectAt(target.objects, digest))
      return expect('digest-moved', copy)
    },
  },
]

/** What anybody can do who may write to the buckets. */
export const digestDamages: readonly Damage[] = [...contentDamages, ...signatureDamages, ...deletions, ...displacements]
