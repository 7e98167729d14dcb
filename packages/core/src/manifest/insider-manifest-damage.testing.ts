import { hash } from 'node:crypto'
import { remove } from '../digest/damage-target.testing.ts'
import type { Place } from '../digest/index.ts'
import { appendLeaves } from '../merkle/index.ts'
import { signerOf } from '../checkpoint/checkpoint.testing.ts'
import { checkpointOf } from './clean-stream.testing.ts'
import {
  endOf,
  expect,
  frontierAt,
  logsOf,
  manifestAt,
  partsAt,
  rewrite,
  toMiddle,
  type ExpectedFinding,
  type ManifestDamage,
  type ManifestTarget,
} from './damage-tools.testing.ts'
import type { Manifest } from './index.ts'
import { insiderFileDamages } from './insider-file-damage.testing.ts'
import { rangeDamages } from './range-damage.testing.ts'

type Apply = (target: ManifestTarget, part: Place, manifest: Manifest) => ReturnType<ManifestDamage['apply']>

/** The newest manifest, of one part, with two ranges or more, of which the first has files. */
const toNewest = (name: string, act: Apply, kept?: ManifestDamage['kept']): ManifestDamage => ({
  name,
  ...(kept && { kept }),
  apply(target) {
    const [part, ...others] = partsAt(target.objects, target.digests.at(-1)!)
    const manifest = part && manifestAt(target.objects, part)
    if (!part || !manifest || others.length > 0 || manifest.ranges.length < 2) return undefined
    return manifest.ranges[0]!.files.length > 0 ? act(target, part, manifest) : undefined
  },
})

/** Changes one part and says what is found there. */
const changed = (
  name: string,
  change: (manifest: Manifest, target: ManifestTarget) => Partial<Manifest>,
  expected: (part: Place, target: ManifestTarget) => ExpectedFinding[],
): ManifestDamage =>
  toMiddle(name, (target, [part]) => {
    const found = expected(part, target)
    rewrite(target, part, (manifest) => ({ ...manifest, ...change(manifest, target) }))
    return found
  })

const withEnd = ({ end }: Manifest, checkpoint: string): Partial<Manifest> => ({ end: { ...end, checkpoint } })

const statements: readonly ManifestDamage[] = [
  changed(
    'a manifest is said to be another trail’s',
    ({ trailArn }) => ({ trailArn: `${trailArn}x` }),
    (part) => expect('manifest-foreign', part),
  ),
  changed(
    'a manifest is said to be of another content of the digest',
    () => ({ digestHashValue: '00'.repeat(32) }),
    // The signature is over the content that is there.
    (part) => [...expect('digest-mismatch', part), ...expect('signature-invalid', part)],
  ),
  changed(
    'the trail is said not to have logged',
    ({ versions }) => ({ versions: versions.map((version) => ({ ...version, isLogging: false })) }),
    (part, target) => expect('record-not-selected', ...logsOf(target, part)),
  ),
  changed(
    'a checkpoint is of another size',
    (manifest, { insider: { stream } }) =>
      withEnd(manifest, checkpointOf(stream, manifest.end.sequence + 1, manifest.end.root)),
    (part) => expect('checkpoint-inconsistent', part),
  ),
  changed(
    'a checkpoint is signed with another key of the same name',
    (manifest, { insider: { stream } }) => {
      const { key, sign } = signerOf('elsewhere.example')
      const logSigner = { key: { ...key, name: stream.origin }, sign }
      return withEnd(manifest, checkpointOf({ ...stream, logSigner }, manifest.end.sequence, manifest.end.root))
    },
    (part) => expect('checkpoint-invalid', part),
  ),
  changed(
    'a checkpoint is of another log',
    (manifest, { insider: { stream } }) =>
      withEnd(manifest, checkpointOf({ ...stream, origin: 'other.example' }, manifest.end.sequence, manifest.end.root)),
    (part) => expect('checkpoint-invalid', part),
  ),
  changed(
    'there is no checkpoint',
    (manifest) => withEnd(manifest, ''),
    (part) => expect('checkpoint-invalid', part),
  ),
]

const treeOf = ({ end }: Manifest) => ({ size: end.sequence, root: end.root, isManifestEnd: true })
const newestTree: ManifestDamage['kept'] = ({ objects, digests }) => ({
  trees: [treeOf(manifestAt(objects, partsAt(objects, digests.at(-1)!).at(-1)!))],
})

/** The newest manifest on top of another history: all in it fits, but it does not go on from the one before. */
const forkNewest: Apply = async (target, part, manifest) => {
  const { stream } = target.insider
  const [first, ...rest] = manifest.start.nodes
  const start = { size: manifest.start.size, nodes: [hash('sha256', first!, 'buffer'), ...rest] }
  const records = stream.records.slice(start.size, manifest.end.sequence)
  const end = appendLeaves(
    start,
    records.map((record) => hash('sha256', record, 'buffer')),
  )
  rewrite(target, part, (old) => ({ ...old, start, end: endOf(stream, end) }))
  return expect('chain-forked', part)
}

/** The newest manifest without its first range. */
const startLater = async ({ insider }: ManifestTarget, { ranges }: Manifest): Promise<Partial<Manifest>> => ({
  start: await frontierAt(insider.stream, ranges[0]!.to),
  ranges: ranges.slice(1),
})

const startingLater = (
  name: string,
  change: (first: Manifest['ranges'][number]) => Partial<Manifest>,
  ...kinds: readonly ExpectedFinding['kind'][]
): ManifestDamage =>
  toNewest(name, async (target, part, manifest) => {
    const [first] = manifest.ranges
    const later = await startLater(target, manifest)
    rewrite(target, part, (old) => ({ ...old, ...later, ...change(first!) }))
    return kinds.flatMap((kind) => expect(kind, part))
  })

const chains: readonly ManifestDamage[] = [
  toMiddle('the tree at the end of a part is another', (target, [part, next]) => {
    const { stream } = target.insider
    rewrite(target, part, (manifest) => {
      const root = hash('sha256', manifest.end.root, 'buffer')
      const { sequence } = manifest.end
      return { ...manifest, end: { sequence, root, checkpoint: checkpointOf(stream, sequence, root) } }
    })
    return [...expect('root-mismatch', part), ...expect('chain-forked', next)]
  }),
  toMiddle('a manifest is said to end with its first part', (target, [part, next], digest) => {
    const left = logsOf(target, next)
    rewrite(target, part, (manifest) => ({ ...manifest, isLast: true }))
    const newer = target.digests[target.digests.indexOf(digest) + 1]!
    const [after] = partsAt(target.objects, newer)
    return [...left.flatMap(() => expect('digest-file-not-in-manifest', part)), ...expect('sequence-hole', after!)]
  }),
  toNewest('a manifest is said to have another part', (target, part) => {
    rewrite(target, part, (manifest) => ({ ...manifest, isLast: false }))
    return expect('manifest-missing', { bucket: part.bucket, key: part.key.replace('_0001.', '_0002.') })
  }),
  toNewest('the newest manifest goes on from another tree', forkNewest),
  toNewest(
    'the newest manifest goes on from another tree, and the right one was kept',
    async (target, part, manifest) => [
      ...((await forkNewest(target, part, manifest)) ?? []),
      ...expect('kept-checkpoint-differs', part),
    ],
    newestTree,
  ),
  {
    name: 'the chain is rolled back by a digest, and the tree was kept',
    kept: newestTree,
    apply({ objects, digests }) {
      const [newest, older] = [digests.at(-1)!, digests.at(-2)!]
      remove(objects, newest, ...partsAt(objects, newest))
      return expect('newest-manifest-missing', ...partsAt(objects, older).slice(0, 1))
    },
  },
  startingLater(
    'the newest manifest leaves its first range out',
    () => ({}),
    'sequence-hole',
    'digest-file-not-in-manifest',
  ),
  startingLater(
    'manifests begin anew without the first range',
    () => ({ isFirst: true }),
    'manifests-restarted',
    'file-before-manifests',
  ),
  startingLater(
    'the first range is called lost',
    ({ from, to }) => ({ lost: { from, to } }),
    'range-lost',
    'file-before-manifests',
  ),
  startingLater(
    'half of the first range is called lost',
    ({ from, to }) => ({ lost: { from, to: to - 1 } }),
    'range-lost',
    'sequence-hole',
    'file-before-manifests',
  ),
  startingLater(
    'more than the first range is called lost',
    ({ from, to }) => ({ lost: { from: from - 1, to } }),
    'range-lost',
    'sequence-overlap',
    'file-before-manifests',
  ),
]

/** What takes the service's own keys. */
export const insiderManifestDamages: readonly ManifestDamage[] = [
  ...statements,
  ...chains,
  ...rangeDamages,
  ...insiderFileDamages,
]
