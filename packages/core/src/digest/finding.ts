import type { Place } from './fetched.ts'

/**
 * `invalid`: the proof does not hold here. `gap`: a time that no digest covers, and none need: validation was off.
 * `notice`: worth knowing, and no sign of tampering.
 */
export type Severity = 'invalid' | 'gap' | 'notice'

export interface FindingMeaning {
  readonly severity: Severity
  /** One sentence, for the documentation. */
  readonly meaning: string
  /** What `aws cloudtrail validate-logs` says of it; empty where it notices nothing. */
  readonly aws: string
}

const invalid = (meaning: string, aws = ''): FindingMeaning => ({ severity: 'invalid', meaning, aws })
const gap = (meaning: string, aws = ''): FindingMeaning => ({ severity: 'gap', meaning, aws })
const notice = (meaning: string, aws = ''): FindingMeaning => ({ severity: 'notice', meaning, aws })
const awsGap = 'No log files were delivered by CloudTrail between ...'

/** All that a verification can find, in the order in which an object is looked at: a digest, its links, its chain, log files, the listing. */
export const findingKinds = {
  'digest-not-found': invalid('The digest is not in the bucket.', 'not found'),
  'digest-unreadable': invalid('The store would not hand the digest out, so it is not known to be sound.', '(aborts)'),
  'digest-format': invalid(
    'The object is no gzip, no JSON, beyond the bounds, or has members that no digest has.',
    'invalid format, where JSON or one of six members is concerned',
  ),
  'digest-trailing-data': invalid(
    'Bytes were appended behind the digest; other readers may take them for its content.',
  ),
  'digest-moved': invalid(
    'The digest says that it was written to another bucket or key.',
    'has been moved from its original location',
  ),
  'digest-foreign': invalid('The digest is of another account, Region, trail or kind of chain than the one checked.'),
  'digest-misnamed': invalid('The key is no digest key, or its stamp is not the time at which the digest ends.'),
  'signature-missing': invalid('The metadata lacks the signature or its algorithm.', 'signature verification failed'),
  'signature-malformed': invalid('The signature in the metadata is no hexadecimal text.', '(the text of an exception)'),
  'signature-invalid': invalid(
    'The signature is not the key’s for this content and place.',
    'signature verification failed',
  ),
  'signature-algorithm-differs': invalid('The metadata names another algorithm than SHA256withRSA.'),
  'backfill-time-missing': invalid('The metadata of a backfill digest lacks the time of its making.', 'invalid format'),
  'key-unknown': invalid(
    'The digest names a key that is not among the published ones.',
    'public key not found in region R for fingerprint F',
  ),
  'key-unusable': invalid(
    'The published key cannot be read, or is published under another key’s fingerprint.',
    'Unable to load PKCS #1 key with fingerprint F, where it cannot be read',
  ),
  'key-not-valid-then': invalid('The key was not valid at the time when the digest was to be signed.'),
  'window-length': invalid('The digest does not cover exactly one hour.'),
  'link-incomplete': invalid('Of the five members that name the previous digest some are null and some are not.'),
  'event-times-differ': notice('The newest or oldest event time is not that of the listed log files.'),
  'log-file-listed-twice': notice('A log file is listed again, in the same digest or in an older one.'),
  'log-file-foreign': invalid('The digest lists an object that is no log file of its account and Region.'),

  'link-elsewhere': invalid('The digest names a predecessor that cannot be one: of another chain, or not older.'),
  'link-hash-differs': invalid('The digest is not the one that its successor was linked to: its content differs.'),
  'link-signature-differs': invalid('The digest’s signature is not the one that its successor was linked to.'),
  'window-hole': invalid('Between two linked digests there is time that neither covers.'),
  'window-overlap': invalid('Two linked digests cover the same time.'),

  gap: gap('A chain ended and a new one began later: logging or validation was off in between.', awsGap),
  'chain-restarted': notice('A new chain began before the older one’s last hour had ended.', awsGap),
  'digest-missing': invalid('A digest is linked to and not there.', 'not found'),
  'window-unproven': invalid(
    'No digest covers this time, and the one that would tell whether any should is missing or invalid.',
  ),
  fork: invalid('Two digests have the same window or the same predecessor; each is signed.'),
  'digest-unlinked': invalid('A signed digest that no newer one is linked to, though a newer one skips it.'),
  'newest-digest-missing': invalid('A digest is known to have been written later than the newest one that is there.'),
  'checkpoint-differs': invalid('The digest is not the one of which a checkpoint was kept.'),
  'checkpoint-missing': invalid('The digest of which a checkpoint was kept is not in the chain.'),
  'older-digests-absent': notice(
    'The oldest digest has a predecessor that is not there; perhaps it has expired.',
    'not found',
  ),
  'no-digests': notice('There is no digest of this chain.', 'No digests found'),

  'log-file-not-found': invalid('A log file that a digest lists is not in the bucket.', 'not found'),
  'log-file-unreadable': invalid(
    'The store would not hand the log file out, so it is not known to be sound.',
    '(aborts)',
  ),
  'log-file-format': invalid(
    'The log file is no whole gzip stream.',
    "invalid format, or hash value doesn't match where it is cut short",
  ),
  'log-file-trailing-data': invalid(
    'Bytes were appended behind the log file; many readers take them for records.',
    'unexpected data after end of compressed stream',
  ),
  'log-file-hash-differs': invalid('The log file is not as it was delivered.', "hash value doesn't match"),

  'log-file-unlisted': invalid('A log file lies in the bucket that no digest lists, in time that digests cover.'),
  'log-file-unproven': invalid('No digest lists the log file; the one that should is missing or invalid.'),
  'log-file-in-gap': gap('The log file was delivered while no digests were made, so nothing vouches for it.'),
  'log-file-not-yet-digested': notice('The log file is newer than the last digest; the next one should list it.'),
  'log-file-not-covered': notice('The log file is older than the oldest digest, or of no chain that was checked.'),
  'object-unknown': notice('An object among the log files is not named like one.'),
} as const satisfies Record<string, FindingMeaning>

export type FindingKind = keyof typeof findingKinds

export type FindingData = Readonly<Record<string, string | number | boolean | null>>

export interface Finding {
  readonly kind: FindingKind
  readonly severity: Severity
  /** The object concerned; for what concerns none, the folder of the chain, in the bucket if that is known. */
  readonly subject: Place
  /** One plain sentence. Holds nothing from the bucket but times and numbers: names, untrusted as they are, stand in `data`. */
  readonly message: string
  readonly data: FindingData
}

/** Untrusted text in findings is cut here; no true name, hash or signature is longer. */
const dataCharsMax = 4096

export const finding = (kind: FindingKind, subject: Place, message: string, data: FindingData = {}): Finding => ({
  kind,
  severity: findingKinds[kind].severity,
  subject: { bucket: subject.bucket, key: subject.key },
  message,
  data: Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.slice(0, dataCharsMax) : value,
    ]),
  ),
})
