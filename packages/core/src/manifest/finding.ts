import type { FindingData, FindingMeaning, Place } from '../digest/index.ts'

type ManifestFindingMeaning = Pick<FindingMeaning, 'severity' | 'meaning'>

const invalid = (meaning: string): ManifestFindingMeaning => ({ severity: 'invalid', meaning })
const gap = (meaning: string): ManifestFindingMeaning => ({ severity: 'gap', meaning })
const notice = (meaning: string): ManifestFindingMeaning => ({ severity: 'notice', meaning })

/** All that a check of completeness can find, in the order in which a part is looked at: the object, its ranges, its chain. */
export const manifestFindingKinds = {
  'manifest-missing': invalid('A part of the manifest of a digest is not there.'),
  'manifest-unreadable': invalid('The manifest cannot be had or read, is beyond the bounds, or has other members.'),
  'manifest-trailing-data': invalid('Bytes were appended behind the manifest.'),
  'manifest-foreign': invalid('The manifest says that it is of another account, Region or trail, or another part.'),
  'digest-mismatch': invalid('The manifest was made for another digest, or for another content of this one.'),
  'wrong-key': invalid('The manifest names another key than the one that signed its digest, or one that is not known.'),
  'signature-missing': invalid('The metadata lacks the signature or its algorithm.'),
  'signature-invalid': invalid('The signature is not the key’s for this content, place and digest.'),

  'sequence-hole': invalid('Between ranges, parts or manifests there are sequences that none accounts for.'),
  'sequence-overlap': invalid('Ranges, files, parts or manifests account for the same sequences twice.'),
  'file-not-in-digest': invalid('A range names a file that its digest does not list, or lists with another hash.'),
  'digest-file-not-in-manifest': invalid('The digest lists a file that no range of its manifest names.'),
  'file-before-manifests': notice(
    'The digest lists a file that no range names, and sequences before its manifest’s start are not accounted for.',
  ),
  'file-twice': invalid('A file is named by two ranges.'),
  'record-count': invalid('A file has not as many records as the manifest says.'),
  'hidden-count': invalid('The manifest has not as many hidden hashes as its range needs.'),
  'range-unproven': invalid('The records of a range’s files cannot be had, so its part of the tree cannot be built.'),
  'root-mismatch': invalid('The records and hidden hashes do not give the tree that the manifest ends with.'),
  'record-not-selected': invalid('A file holds a record that no version of the trail in the manifest takes.'),
  'range-abandoned': gap('Events that the trail selects were given up and never delivered; the service says so.'),
  'range-lost': gap('Entries were gone before a proof could be made: what they were is not known.'),

  'checkpoint-invalid': invalid('The checkpoint is no signed checkpoint of the log.'),
  'checkpoint-inconsistent': invalid('The checkpoint is of another size or root than the end of the manifest.'),
  'checkpoint-unverified': notice('No key of the log was given, so checkpoints were not verified.'),

  'chain-forked': invalid('The tree at the start is not the one at which the part or manifest before ended.'),
  'manifests-restarted': gap('Manifests begin anew: nothing accounts for the sequences since the one before.'),
  'manifests-begin': notice('Older digests have no manifests, and the oldest manifest says that it is the first.'),
  'older-manifests-absent': notice('The oldest manifest that was checked continues one that was not.'),
  'no-manifests': invalid('No digest has a manifest: nothing shows that what was delivered is all there was.'),
  'kept-checkpoint-differs': invalid('The tree is not the one of which a checkpoint was kept.'),
  'newest-manifest-missing': invalid(
    'A manifest was seen that ended with a larger tree than the newest that is there.',
  ),
  'kept-checkpoint-uncompared': notice('No part begins or ends at the size of a kept checkpoint: it was not compared.'),
} as const satisfies Record<string, ManifestFindingMeaning>

export type ManifestFindingKind = keyof typeof manifestFindingKinds

/** As `Finding` of digests, with kinds of its own. */
export interface ManifestFinding {
  readonly kind: ManifestFindingKind
  readonly severity: FindingMeaning['severity']
  /** The manifest's object, or the log file concerned. */
  readonly subject: Place
  /** One plain sentence. Holds nothing from the bucket but numbers: names, untrusted as they are, stand in `data`. */
  readonly message: string
  readonly data: FindingData
}

/** Untrusted text in findings is cut here; no true name, hash or signature is longer. */
const dataCharsMax = 4096

/** `message`: the kind's meaning where nothing is to be added. */
export const manifestFinding = (
  kind: ManifestFindingKind,
  subject: Place,
  data: FindingData = {},
  message: string = manifestFindingKinds[kind].meaning,
): ManifestFinding => ({
  kind,
  severity: manifestFindingKinds[kind].severity,
  subject: { bucket: subject.bucket, key: subject.key },
  message,
  data: Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.slice(0, dataCharsMax) : value,
    ]),
  ),
})
