import type { Mutant } from './mutants.ts'

const chain = 'server/src/digests/chain.ts'
const put = '    await putSigned(buckets, gzip, { bucket, key: digest, bytes: content.bytes, signature, ...how })\n'

/** What digests and manifests could do wrong. */
export const digestMutants: readonly Mutant[] = [
  {
    name: 'digest-leaves-file-out',
    breaks: 'a digest does not list the first file of its hour',
    file: chain,
    edits: [
      {
        from: "entries.filter((entry): entry is DeliveredFile => 'deliveredAt' in entry)",
        to: "entries.filter((entry): entry is DeliveredFile => 'deliveredAt' in entry).slice(1)",
      },
    ],
  },
  {
    name: 'link-before-digest',
    breaks: 'a chain goes on from a digest before that is put',
    file: chain,
    edits: [
      { from: put, to: '' },
      { from: '    parts.delivered({ bucket', to: `${put}    parts.delivered({ bucket` },
    ],
  },
  {
    name: 'manifest-again',
    breaks: 'a manifest begins where the one before began, not where it ended',
    file: chain,
    edits: [{ from: 'provenTo: plan.manifest.to,', to: 'provenTo: plan.manifest.from,' }],
  },
  {
    name: 'positions-not-kept',
    breaks: 'it is not written down which entries a file holds',
    file: 'server/src/delivery/selected-entries.ts',
    edits: [
      { from: 'if (files.length === 1 && files[0]!.count === to - from) return []', to: 'if (to > 0) return []' },
    ],
  },
]
