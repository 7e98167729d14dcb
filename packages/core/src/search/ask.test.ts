import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { answerSentence } from './ask-sentence.ts'
import { questionCharsMax, understand, type AskContext } from './ask.ts'
import { formatSearch } from './format-search.ts'
import { parseSearch } from './parse-search.ts'

/** A Friday. */
const now = Date.UTC(2026, 10, 20, 12)
const names = [
  'DeleteBucket',
  'TerminateInstances',
  'CreateBucket',
  'RunInstances',
  'PutBucketPolicy',
  'GetObject',
  'ConsoleLogin',
]
const context: AskContext = {
  now,
  eventNames: [...names, 'AssumeRole', 'StopInstances', 'StartInstances', 'UpdateTrail', 'StopLogging'],
  areAllEventNames: true,
}

interface Row {
  readonly asks: string
  /** Of each try: how it was understood and the search. */
  readonly tries: readonly string[]
  readonly from?: string
  readonly to?: string
  readonly wants?: 'addresses'
}

const deleted = 'eventName in (DeleteBucket, TerminateInstances)'
const denied = 'errorCode in (*AccessDenied*, *Unauthorized*, *Forbidden*)'
const yesterday = { from: '2026-11-19T00:00:00', to: '2026-11-19T23:59:59' }
const arn = 'arn:aws:iam::111122223333:user/alice'

/** Records of questions have in them what was asked for. */
const noQuestions =
  ' and not eventName in (AskEvents, SearchEvents, GetEventHistogram, GetEventValues, GetResourceTimeline, GetIdentityTimeline, FollowEvents)'

const table: readonly Row[] = [
  {
    asks: '1F0C2A52-7a49-4c3b-9a0d-3f1f6a1f0a01',
    tries: ['event-id: eventID in (1F0C2A52-7a49-4c3b-9a0d-3f1f6a1f0a01, 1f0c2a52-7a49-4c3b-9a0d-3f1f6a1f0a01)'],
  },
  { asks: 'AKIAIOSFODNN7EXAMPLE', tries: ['identity: userIdentity.accessKeyId = AKIAIOSFODNN7EXAMPLE'] },
  { asks: 'ASIAIOSFODNN7EXAMPLE', tries: ['identity: userIdentity.accessKeyId = ASIAIOSFODNN7EXAMPLE'] },
  { asks: 'AIDAJQABLZS4A3QDU576Q', tries: ['identity: userIdentity.principalId = AIDAJQABLZS4A3QDU576Q'] },
  { asks: ' 192.0.2.44 ', tries: ['address: sourceIPAddress = 192.0.2.44'] },
  { asks: '2001:db8::1', tries: ['address: sourceIPAddress = 2001:db8::1'] },
  { asks: '192.0.2.0/24', tries: ['address: sourceIPAddress = 192.0.2.*'] },
  { asks: '10.1.2.3/14', tries: ['address: sourceIPAddress in (10.0.*, 10.1.*, 10.2.*, 10.3.*)'] },
  { asks: '192.0.2.7/31', tries: ['address: sourceIPAddress in (192.0.2.6, 192.0.2.7)'] },
  { asks: '2001:db8::/32', tries: ['address: sourceIPAddress = 2001:db8:*'] },
  {
    asks: arn,
    tries: [
      `identity: userIdentity.arn = ${arn} or userIdentity.sessionContext.sessionIssuer.arn = ${arn}`,
      `resource: resource in (${arn}, alice)`,
      `text: ${arn}${noQuestions}`,
    ],
  },
  {
    asks: '111122223333',
    tries: ['identity: userIdentity.accountId = 111122223333', `text: 111122223333${noQuestions}`],
  },
  {
    asks: 'deletebucket',
    tries: [
      'event-name: eventName = DeleteBucket',
      'identity: username = deletebucket',
      'resource: resource = deletebucket',
      `text: deletebucket${noQuestions}`,
    ],
  },
  {
    asks: 'DescribeWidgets',
    tries: [
      'identity: username = DescribeWidgets',
      'resource: resource = DescribeWidgets',
      'event-name: eventName = DescribeWidgets',
      `text: DescribeWidgets${noQuestions}`,
    ],
  },
  { asks: 'alice', tries: ['identity: username = alice', 'resource: resource = alice', `text: alice${noQuestions}`] },
  {
    asks: '"my logs"',
    tries: ['identity: username = "my logs"', 'resource: resource = "my logs"', `text: "my logs"${noQuestions}`],
  },
  {
    asks: 'who deleted logs-2026?',
    tries: [`question: ${deleted} and resource = logs-2026`, `question: ${deleted} and logs-2026`],
  },
  {
    asks: 'Who deleted the bucket logs-2026 yesterday?',
    tries: [`question: ${deleted} and resource = logs-2026`, `question: ${deleted} and logs-2026`],
    ...yesterday,
  },
  {
    asks: 'who terminated i-1 since 2026-11-01',
    tries: [`question: ${deleted} and resource = i-1`, `question: ${deleted} and i-1`],
    from: '2026-11-01T00:00:00',
  },
  {
    asks: 'who has changed the trail audit in the last 7 days',
    tries: [
      'question: eventName in (PutBucketPolicy, UpdateTrail) and resource = audit',
      'question: eventName in (PutBucketPolicy, UpdateTrail) and audit',
    ],
    from: '2026-11-13T12:00:00',
  },
  {
    asks: 'who created "my bucket"',
    tries: [
      'question: eventName in (CreateBucket, RunInstances, PutBucketPolicy) and resource = "my bucket"',
      'question: eventName in (CreateBucket, RunInstances, PutBucketPolicy) and "my bucket"',
    ],
  },
  {
    asks: 'who stopped i-1 today',
    tries: [
      'question: eventName in (StopInstances, StopLogging) and resource = i-1',
      'question: eventName in (StopInstances, StopLogging) and i-1',
    ],
    from: '2026-11-20T00:00:00',
  },
  {
    asks: 'who started i-1 on 2026-11-18',
    tries: [
      'question: eventName in (RunInstances, StartInstances) and resource = i-1',
      'question: eventName in (RunInstances, StartInstances) and i-1',
    ],
    from: '2026-11-18T00:00:00',
    to: '2026-11-18T23:59:59',
  },
  {
    asks: 'who read secrets.txt',
    tries: [
      'question: eventName = GetObject and resource = secrets.txt',
      `question: eventName = GetObject and secrets.txt${noQuestions}`,
    ],
  },
  { asks: 'who touched key-1', tries: ['question: resource = key-1', `question: key-1${noQuestions}`] },
  {
    asks: 'who rebooted i-1',
    tries: [
      'question: eventName in (Reboot*, Restart*) and resource = i-1',
      'question: eventName in (Reboot*, Restart*) and i-1',
    ],
  },
  { asks: 'who signed in yesterday', tries: ['question: eventName = ConsoleLogin'], ...yesterday },
  {
    asks: 'who logged in from 192.0.2.1',
    tries: ['question: eventName = ConsoleLogin and sourceIPAddress = 192.0.2.1'],
  },
  { asks: 'who called deletebucket?', tries: ['question: eventName = DeleteBucket'] },
  { asks: 'what did alice do yesterday?', tries: ['question: username = alice'], ...yesterday },
  { asks: 'what did alice do last week', tries: ['question: username = alice'], from: '2026-11-13T12:00:00' },
  {
    asks: 'what did alice delete today',
    tries: [`question: username = alice and ${deleted}`],
    from: '2026-11-20T00:00:00',
  },
  {
    asks: `what did ${arn} do since yesterday`,
    tries: [`question: userIdentity.arn = ${arn} or userIdentity.sessionContext.sessionIssuer.arn = ${arn}`],
    from: '2026-11-19T00:00:00',
  },
  { asks: 'what has bob done since monday', tries: ['question: username = bob'], from: '2026-11-16T00:00:00' },
  {
    asks: 'what did alice do to logs-2026?',
    tries: [
      'question: username = alice and resource = logs-2026',
      `question: username = alice and logs-2026${noQuestions}`,
    ],
  },
  { asks: 'what did AKIAIOSFODNN7EXAMPLE do', tries: ['question: userIdentity.accessKeyId = AKIAIOSFODNN7EXAMPLE'] },
  {
    asks: 'when was logs-2026 deleted?',
    tries: [`question: ${deleted} and resource = logs-2026`, `question: ${deleted} and logs-2026`],
  },
  {
    asks: 'when was logs-2026 deleted by alice?',
    tries: [
      `question: username = alice and ${deleted} and resource = logs-2026`,
      `question: username = alice and ${deleted} and logs-2026`,
    ],
  },
  {
    asks: 'when did alice delete logs-2026',
    tries: [
      `question: username = alice and ${deleted} and resource = logs-2026`,
      `question: username = alice and ${deleted} and logs-2026`,
    ],
  },
  { asks: 'when did alice sign in', tries: ['question: eventName = ConsoleLogin and username = alice'] },
  {
    asks: 'alice deleted logs-2026',
    tries: [
      `question: username = alice and ${deleted} and resource = logs-2026`,
      `question: username = alice and ${deleted} and logs-2026`,
    ],
  },
  {
    asks: 'failed calls of alice',
    tries: [
      'question: username = alice and errorCode exists',
      'question: eventSource = alice and errorCode exists',
      'question: resource = alice and errorCode exists',
    ],
  },
  { asks: 'denied calls in the last 24 hours', tries: [`question: ${denied}`], from: '2026-11-19T12:00:00' },
  { asks: 'failed calls from 192.0.2.1', tries: ['question: sourceIPAddress = 192.0.2.1 and errorCode exists'] },
  { asks: 'what failed today', tries: ['question: errorCode exists'], from: '2026-11-20T00:00:00' },
  { asks: 'errors', tries: ['question: errorCode exists'] },
  { asks: 'logins', tries: ['question: eventName = ConsoleLogin'] },
  {
    asks: 'failed logins yesterday',
    tries: ['question: eventName = ConsoleLogin and responseElements.ConsoleLogin = Failure'],
    ...yesterday,
  },
  {
    asks: 'logins of alice from 10.0.0.0/8',
    tries: ['question: eventName = ConsoleLogin and username = alice and sourceIPAddress = 10.*'],
  },
  {
    asks: 'where did alice sign in from',
    tries: ['question: eventName = ConsoleLogin and username = alice'],
    wants: 'addresses',
  },
  { asks: 'where does alice call from', tries: ['question: username = alice'], wants: 'addresses' },
  {
    asks: 'what happened to logs-2026 between 2026-11-01 and 2026-11-03',
    tries: ['question: resource = logs-2026', `question: logs-2026${noQuestions}`],
    from: '2026-11-01T00:00:00',
    to: '2026-11-03T23:59:59',
  },
  {
    asks: "alice's events before 2026-11-02T10:00:00Z",
    tries: ['question: username = alice'],
    from: '1970-01-01T00:00:00',
    to: '2026-11-02T09:59:59',
  },
  {
    asks: 'who assumed admin 3 days ago',
    tries: ['question: eventName = AssumeRole and resource = admin', 'question: eventName = AssumeRole and admin'],
    from: '2026-11-17T00:00:00',
    to: '2026-11-17T23:59:59',
  },
  { asks: 'yesterday', tries: ['question: ""'], ...yesterday },
  // Without a name: what was done, to anything or to things of a kind.
  { asks: 'what happened yesterday', tries: ['question: ""'], ...yesterday },
  { asks: 'what was deleted?', tries: [`question: ${deleted}`] },
  { asks: 'who deleted something yesterday', tries: [`question: ${deleted}`], ...yesterday },
  {
    asks: 'who stopped an instance',
    tries: [
      'question: eventName in (StopInstance, StopInstances, PauseInstance, PauseInstances, SuspendInstance, SuspendInstances)',
      'question: eventName in (Stop*Instance*, Pause*Instance*, Suspend*Instance*)',
    ],
  },
  {
    asks: 'which policies were detached',
    tries: ['question: eventName in (DetachPolicy, DetachPolicys)', 'question: eventName = Detach*Policy*'],
  },
  {
    asks: 'who attached a policy to bob',
    tries: [
      'question: eventName = Attach*Policy* and (resource = bob or bob)',
      'question: eventName = Attach* and resource = bob',
      'question: eventName = Attach* and bob',
    ],
  },
  { asks: 'access denied', tries: [`question: ${denied}`] },
  { asks: 'who was denied', tries: [`question: ${denied}`] },
  {
    asks: 'errors in s3',
    tries: [
      'question: username = s3 and errorCode exists',
      'question: eventSource = s3.amazonaws.com and errorCode exists',
      'question: resource = s3 and errorCode exists',
    ],
  },
  { asks: 'iam changes', tries: ['question: eventSource = iam.amazonaws.com and readOnly = false'] },
  {
    asks: 's3',
    tries: [
      'identity: username = s3',
      'resource: resource = s3',
      'event-name: eventSource = s3.amazonaws.com',
      `text: s3${noQuestions}`,
    ],
  },
  { asks: 'show me everything alice did', tries: ['question: username = alice'] },
  { asks: 'what has alice been doing', tries: ['question: username = alice'] },
  { asks: 'all events from 192.0.2.44', tries: ['address: sourceIPAddress = 192.0.2.44'] },
  { asks: 'who is 192.0.2.44', tries: ['address: sourceIPAddress = 192.0.2.44'] },
  { asks: 'did anyone use the root account', tries: ['question: username = root'] },
  {
    asks: 'who used the access key AKIAIOSFODNN7EXAMPLE',
    tries: ['identity: userIdentity.accessKeyId = AKIAIOSFODNN7EXAMPLE'],
  },
  { asks: 'who logged in as root', tries: ['question: eventName = ConsoleLogin and username = root'] },
  { asks: 'last login of alice', tries: ['question: eventName = ConsoleLogin and username = alice'] },
  { asks: 'logins without MFA', tries: ['question: eventName = ConsoleLogin and additionalEventData.MFAUsed = No'] },
  {
    asks: 'how are you',
    tries: [
      'identity: username = "how are you"',
      'resource: resource = "how are you"',
      `text: "how are you"${noQuestions}`,
    ],
  },
]

describe('a question is understood', () => {
  test.each(table)('$asks', ({ asks, tries, from, to, wants = 'events' }) => {
    const understood = understand(asks, context)
    assert.deepEqual(
      understood.tries.map((each) => `${each.understood}: ${formatSearch(each.expression)}`),
      tries,
    )
    const text = (time: number | undefined) =>
      time === undefined ? undefined : new Date(time).toISOString().slice(0, 19)
    assert.deepEqual([text(understood.from), text(understood.to), understood.wants], [from, to, wants])
  })

  test('names that are not all known are looked for by how they begin', () => {
    const [first] = understand('who deleted x', { ...context, areAllEventNames: false }).tries
    assert.match(formatSearch(first!.expression), /^eventName in \(Delete\*, Terminate\*, Remove\*/)
  })

  test('names of operations that would not fit into a search are looked for by how they begin', () => {
    const eventNames = Array.from({ length: 90 }, (_, at) => `Delete${'X'.repeat(100)}${at}`)
    const [first] = understand('who deleted x', { ...context, eventNames }).tries
    assert.match(formatSearch(first!.expression), /^eventName in \(Delete\*, Terminate\*, Remove\*/)
  })

  test('whatever is asked is understood as some search, in bounded time and length', () => {
    const words = fc.constantFrom(
      'who',
      'what',
      'when',
      'did',
      'was',
      'deleted',
      'the',
      'alice',
      'yesterday',
      'from',
      'since',
      '10.0.0.0/8',
      'failed',
      'calls',
      'of',
      '"',
      '*',
      '(',
    )
    const question = fc.oneof(
      fc.string({ maxLength: 700 }),
      fc.array(words, { maxLength: 12 }).map((all) => all.join(' ')),
    )
    fc.assert(
      fc.property(question, (asks) => {
        const { tries, from = 0, to = now } = understand(asks, context)
        assert.ok(tries.length > 0)
        assert.ok(Number.isFinite(from) && Number.isFinite(to))
        for (const { expression } of tries) parseSearch(formatSearch(expression))
      }),
      { numRuns: 500 },
    )
    assert.equal(understand('x'.repeat(100_000), context).tries.at(-1)!.words.length < questionCharsMax + 100, true)
  })
})

describe('the sentence', () => {
  const understanding = understand('who deleted logs-2026 yesterday', context)
  const newest = {
    who: 'alice',
    eventName: 'DeleteBucket',
    on: 'logs-2026',
    eventTime: '2026-11-19T11:59:50Z',
    from: '192.0.2.1',
  }
  const found = understanding.tries[0]

  test('says who, what, when, from where and the result, and how the question was understood', () => {
    assert.equal(
      answerSentence(understanding, { found, newest, count: 1, mayBeMore: false }),
      'alice called DeleteBucket on logs-2026 on 2026-11-19 at 11:59:50 UTC from 192.0.2.1; it succeeded. Looked for events named Delete*, Terminate*, Remove*, ' +
        'Deregister*, BatchDelete* of the resource logs-2026 from 2026-11-19 at 00:00:00 UTC to 2026-11-19 at 23:59:59 UTC.',
    )
    const failed = answerSentence(understanding, {
      found,
      newest: { ...newest, errorCode: 'AccessDenied' },
      count: 7,
      mayBeMore: true,
    })
    assert.match(failed, /; it failed with AccessDenied\. That is the newest of at least 7\. Looked for/)
  })

  test('a call that failed without a code did not succeed', () => {
    const refused = { ...newest, eventName: 'ConsoleLogin', failed: true }
    assert.match(
      answerSentence(understanding, { found, newest: refused, count: 1, mayBeMore: false }),
      /; it failed\. Looked/,
    )
  })

  test('how far back was looked, where the question names no time', () => {
    const asked = understand('what did alice do', context)
    assert.equal(
      answerSentence(asked, { found: undefined, count: 0, mayBeMore: false, during: 'in the last 90 days' }),
      'Nothing was found. Looked for calls of alice in the last 90 days.',
    )
    const before = understand('what did alice do before 2026-11-02', context)
    assert.match(
      answerSentence(before, { found: undefined, count: 0, mayBeMore: false, during: 'in the last 90 days' }),
      /Looked for calls of alice until 2026-11-01 at 23:59:59 UTC\.$/,
    )
  })

  test('that nothing was found, and what was looked for', () => {
    assert.match(
      answerSentence(understanding, { found: undefined, count: 0, mayBeMore: false }),
      /^Nothing was found\. Looked for events named Delete.* of the resource logs-2026, then for events named .* with "logs-2026" in them from/,
    )
  })

  test('where calls came from, when that was asked', () => {
    const asked = understand('where does alice call from', context)
    const addresses = [
      { value: '192.0.2.1', count: 12 },
      { value: '192.0.2.9', count: 1 },
    ]
    assert.equal(
      answerSentence(asked, { found: asked.tries[0], newest, addresses, count: 13, mayBeMore: false }),
      'The calls came from 192.0.2.1 (12), 192.0.2.9 (1). Looked for calls of alice.',
    )
  })
})
