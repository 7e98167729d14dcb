/** What people say of what was done, and how the names of such operations begin. `*`: whatever follows. */
interface Verb {
  /** Infinitive, past tense and participle where they differ. */
  readonly words: readonly string[]
  readonly patterns: readonly string[]
}

const verbs: readonly Verb[] = [
  {
    words: [
      'delete',
      'deleted',
      'remove',
      'removed',
      'destroy',
      'destroyed',
      'terminate',
      'terminated',
      'drop',
      'dropped',
    ],
    patterns: ['Delete*', 'Terminate*', 'Remove*', 'Deregister*', 'BatchDelete*'],
  },
  {
    words: ['create', 'created', 'make', 'made', 'launch', 'launched', 'add', 'added', 'upload', 'uploaded'],
    patterns: ['Create*', 'Run*', 'Put*', 'Allocate*', 'Register*', 'Add*', 'CompleteMultipartUpload'],
  },
  {
    words: [
      'change',
      'changed',
      'modify',
      'modified',
      'update',
      'updated',
      'edit',
      'edited',
      'set',
      'alter',
      'altered',
      'configure',
      'configured',
    ],
    patterns: [
      'Update*',
      'Modify*',
      'Put*',
      'Set*',
      'Change*',
      'Attach*',
      'Detach*',
      'Add*',
      'Remove*',
      'Enable*',
      'Disable*',
      'Tag*',
      'Untag*',
    ],
  },
  { words: ['stop', 'stopped', 'halt', 'halted', 'pause', 'paused'], patterns: ['Stop*', 'Pause*', 'Suspend*'] },
  { words: ['start', 'started', 'begin', 'began', 'begun', 'run', 'ran'], patterns: ['Start*', 'Run*', 'Resume*'] },
  { words: ['reboot', 'rebooted', 'restart', 'restarted'], patterns: ['Reboot*', 'Restart*'] },
  { words: ['enable', 'enabled', 'activate', 'activated'], patterns: ['Enable*', 'Activate*'] },
  { words: ['disable', 'disabled', 'deactivate', 'deactivated'], patterns: ['Disable*', 'Deactivate*'] },
  {
    words: [
      'read',
      'access',
      'accessed',
      'open',
      'opened',
      'download',
      'downloaded',
      'see',
      'saw',
      'seen',
      'view',
      'viewed',
      'list',
      'listed',
      'describe',
      'described',
    ],
    patterns: ['Get*', 'List*', 'Describe*', 'Head*', 'Lookup*', 'Select*', 'Query*', 'Scan*', 'BatchGet*'],
  },
  { words: ['attach', 'attached'], patterns: ['Attach*'] },
  { words: ['detach', 'detached'], patterns: ['Detach*'] },
  { words: ['assume', 'assumed'], patterns: ['AssumeRole*'] },
  { words: ['tag', 'tagged'], patterns: ['Tag*', 'AddTags*', 'CreateTags'] },
  { words: ['rotate', 'rotated'], patterns: ['Rotate*', 'EnableKeyRotation', 'CreateAccessKey', 'UpdateAccessKey'] },
  {
    words: ['share', 'shared', 'grant', 'granted', 'allow', 'allowed', 'authorize', 'authorized'],
    patterns: [
      'Put*Policy',
      'Attach*Policy',
      'Authorize*',
      'CreateGrant',
      'AddPermission',
      'Modify*Attribute',
      'PutBucketAcl',
      'PutObjectAcl',
    ],
  },
  {
    words: ['revoke', 'revoked'],
    patterns: ['Revoke*', 'RetireGrant', 'Detach*Policy', 'Delete*Policy', 'RemovePermission'],
  },
  { words: ['encrypt', 'encrypted'], patterns: ['Encrypt*', 'GenerateDataKey*', 'ReEncrypt*'] },
  { words: ['decrypt', 'decrypted'], patterns: ['Decrypt*'] },
  { words: ['copy', 'copied'], patterns: ['Copy*'] },
  { words: ['restore', 'restored'], patterns: ['Restore*'] },
  { words: ['invoke', 'invoked', 'call', 'called'], patterns: ['Invoke*'] },
  {
    words: ['lock', 'locked'],
    patterns: ['PutObjectRetention', 'PutObjectLegalHold', 'PutObjectLockConfiguration', 'Lock*'],
  },
]

/** Anything that was done to something. */
const anyVerb = ['touch', 'touched', 'use', 'used', 'do', 'did', 'done']

const byWord = new Map(verbs.flatMap(({ words, patterns }) => words.map((word) => [word, patterns] as const)))

/** How the names of operations begin that the word stands for; empty: any operation. Undefined: no verb that is known. */
export const operationsOf = (word: string): readonly string[] | undefined =>
  anyVerb.includes(word.toLowerCase()) ? [] : byWord.get(word.toLowerCase())

/** Whether an event name is one of a pattern, in any case of letters. */
export function isOperationOf(eventName: string, pattern: string): boolean {
  const [head = '', tail] = pattern.toLowerCase().split('*')
  const name = eventName.toLowerCase()
  if (tail === undefined) return name === head
  return name.length >= head.length + tail.length && name.startsWith(head) && name.endsWith(tail)
}
