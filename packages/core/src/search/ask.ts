import { eventSourceNamed, kindNamed, kindOf } from './ask-kinds.ts'
import { readAskedTime } from './ask-time.ts'
import { isOperationOf, operationsOf } from './ask-verbs.ts'
import type { SearchAttribute, SearchExpression } from './expression.ts'

export type Understood = 'event-id' | 'identity' | 'resource' | 'event-name' | 'address' | 'question' | 'text'

/** One way to take a question. */
export interface AskTry {
  readonly understood: Understood
  readonly expression: SearchExpression
  /** What is looked for, to be put behind "Looked for". */
  readonly words: string
}

export interface Understanding {
  /** What the answer has to begin with: the events, or the places that calls came from. */
  readonly wants: 'events' | 'addresses'
  /** To be tried one after the other: the first that finds something answers. Never empty. */
  readonly tries: readonly AskTry[]
  /** Event time that the question names, ms, both inclusive. */
  readonly from?: number
  readonly to?: number
}

export interface AskContext {
  /** Domain time, ms. */
  readonly now: number
  /** Names of operations that there are events of; may be incomplete. */
  readonly eventNames: readonly string[]
  /** There are no other names. */
  readonly areAllEventNames: boolean
}

/** Longer questions are none. */
export const questionCharsMax = 512

const eventIdForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const keyIdForm = /^A[KS]IA[A-Z0-9]{8,124}$/
const principalIdForm = /^A(?:IDA|ROA|GPA|NPA|NVA|BIA|CCA)[A-Z0-9]{8,124}(?::.{1,128})?$/
const arnForm = /^arn:[\w-]{1,32}:[\w-]{0,64}:[\w-]{0,32}:\d{0,12}:.{1,1600}$/i
const accountForm = /^\d{12}$/
const addressForm = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\d{1,3}(?:\.\d{1,3}){3})?)$/i
const networkForm = /^(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]{2,45})\/(\d{1,3})$/i

/**
 * What a question asks for, by rules: a name or key, or English of a few forms (`docs/guides/searching.md`). Pure: which of the tries is meant
 * is for who has the events to find out. Everything is understood as something, at last as text that a record contains.
 */
export function understand(question: string, context: AskContext): Understanding {
  const asked = question.trim().replaceAll(/\s+/g, ' ').slice(0, questionCharsMax)
  const bare = unquoted(asked)
  const single = singleWord(bare, context)
  if (single) return { wants: 'events', tries: single }
  const { rest, ...time } = readAskedTime(asked, context.now)
  const sentence = rest
    .replaceAll(/\s+/g, ' ')
    .replace(/[\s?!.]+$/, '')
    .replace(request, '')
    .trim()
  for (const form of forms) {
    const match = form.pattern.exec(sentence)
    const read = match && form.read(match.groups ?? {}, context)
    if (read) return { wants: form.wants ?? 'events', tries: read, ...time }
  }
  if (sentence === '' && rest !== asked) return { wants: 'events', tries: [everything], ...time }
  return { wants: 'events', tries: lookups(unquoted(sentence || asked), context), ...time }
}

/** What people put before what they want to see. */
const request = /^\s*(?:please )?(?:(?:show|list|find|give|tell)(?: me| us)? )?(?:all |any |every |the )*(?=\S)/i

const everything: AskTry = { understood: 'question', expression: { kind: 'and', of: [] }, words: 'all events' }

const unquoted = (text: string): string => text.replace(/^(["'`])(.+)\1$/, '$2').trim()

/** What has a form of its own can be nothing else. */
function singleWord(text: string, context: AskContext): AskTry[] | undefined {
  if (eventIdForm.test(text))
    return [attributeTry('event-id', 'eventID', [text, text.toLowerCase()], `the event ${text}`)]
  if (keyIdForm.test(text))
    return [attributeTry('identity', 'userIdentity.accessKeyId', [text], `calls with the access key ${text}`)]
  if (principalIdForm.test(text))
    return [attributeTry('identity', 'userIdentity.principalId', [text], `calls of the principal ${text}`)]
  if (addressForm.test(text)) return [addressTry(text)]
  const network = networkForm.exec(text)
  if (network) return [networkTry(text, network[1]!, Number(network[2]))]
  if (arnForm.test(text) && !/\s/.test(text)) return arnTries(text)
  if (accountForm.test(text))
    return [
      {
        understood: 'identity',
        expression: equals(['userIdentity', 'accountId'], text),
        words: `calls of principals of the account ${text}`,
      },
      textTry(text),
    ]
  if (/\s/.test(text) || text === '' || operationOnly(text)) return undefined
  return lookups(text, context)
}

/** Words that are questions by themselves. */
const operationOnly = (text: string): boolean =>
  /^(?:log[io]ns?|sign-?ins?|failures?|errors?|denied|today|yesterday)[?!.]*$/i.test(text)

const addressTry = (address: string): AskTry =>
  attributeTry('address', 'sourceIPAddress', [address, address.toLowerCase()], `calls from ${address}`)

function arnTries(arn: string): AskTry[] {
  return [
    {
      understood: 'identity',
      expression: any([
        attribute('userIdentity.arn', [arn]),
        attribute('userIdentity.sessionContext.sessionIssuer.arn', [arn]),
      ]),
      words: `calls of ${arn}`,
    },
    attributeTry('resource', 'resource', [arn, lastPart(arn)], `events of the resource ${arn}`),
    textTry(arn),
  ]
}

const lastPart = (arn: string): string => {
  const name = arn.split(':').slice(5).join(':')
  return name.slice(name.indexOf('/') + 1)
}

/** Beginnings of addresses: exact for IPv4 but a few sizes, and for IPv6 networks of whole groups; else the next wider one is searched. */
function networkTry(text: string, address: string, bits: number): AskTry {
  const patterns = address.includes('.') ? octetPatterns(address, bits) : groupPatterns(address, bits)
  const words = patterns.isExact
    ? `calls from ${text}`
    : `calls from ${patterns.values.join(', ')}, which is wider than ${text}`
  return { understood: 'address', expression: matching(['sourceIPAddress'], patterns.values), words }
}

/** A list has at most 100 values, so that one octet of which a single bit is fixed is not written out. */
const fixedBitsMin = 2

function octetPatterns(address: string, bits: number): { values: string[]; isExact: boolean } {
  const octets = address.split('.').map(Number)
  const whole = Math.min(4, Math.floor(bits / 8))
  const head = octets
    .slice(0, whole)
    .map((octet) => `${octet}.`)
    .join('')
  const fixed = bits % 8
  if (whole === 4) return { values: [address], isExact: true }
  if (fixed < fixedBitsMin) return { values: [`${head}*`], isExact: fixed === 0 }
  const size = 2 ** (8 - fixed)
  const first = Math.floor((octets[whole] ?? 0) / size) * size
  const tail = whole === 3 ? '' : '.*'
  return { values: Array.from({ length: size }, (_, at) => `${head}${first + at}${tail}`), isExact: true }
}

function groupPatterns(address: string, bits: number): { values: string[]; isExact: boolean } {
  if (bits >= 128) return { values: [address], isExact: true }
  const kept = address
    .split(':')
    .slice(0, Math.floor(bits / 16))
    .filter((group) => group !== '')
  return { values: [`${kept.map((group) => `${group}:`).join('')}*`], isExact: bits % 16 === 0 }
}

/** A name of anything: what it is the name of is tried in this order. */
function lookups(text: string, context: AskContext): AskTry[] {
  const names = namesOf(text, context)
  const source = text.endsWith('.amazonaws.com') ? text : eventSourceNamed(text)
  return [
    ...(names.length > 0 ? [attributeTry('event-name', 'eventName', names, `calls of ${names.join(', ')}`)] : []),
    { understood: 'identity', expression: identity(text), words: `calls of ${text}` },
    attributeTry('resource', 'resource', [text], `events of the resource ${text}`),
    ...(source === undefined ? [] : [attributeTry('event-name', 'eventSource', [source], `calls of ${source}`)]),
    ...(names.length === 0 && /^[A-Z][a-z]+[A-Z]\w*$/.test(text)
      ? [attributeTry('event-name', 'eventName', [text], `calls of ${text}`)]
      : []),
    textTry(text),
  ]
}

const namesOf = (text: string, { eventNames }: AskContext): string[] =>
  eventNames.filter((name) => name.toLowerCase() === text.toLowerCase())

interface Form {
  readonly pattern: RegExp
  readonly wants?: Understanding['wants']
  read(groups: Readonly<Record<string, string | undefined>>, context: AskContext): AskTry[] | undefined
}

/** In a question the thing may have its kind before it: "the bucket logs". */
const noise = /^(?:the|a|an|my|our|this|that)\s+/i
const kinds =
  /^(?:bucket|object|file|user|role|group|policy|instance|trail|key|queue|topic|table|function|secret|stack|volume|snapshot|cluster|database|db|resource|account|certificate|distribution)s?\s+(?=\S)/i
const thingOf = (text: string): string =>
  unquoted(
    text
      .trim()
      .replace(noise, '')
      .replace(kinds, '')
      .replace(/[?!.,]+$/, ''),
  )

const forms: readonly Form[] = [
  {
    pattern:
      /^(?:who|when was the last time (?<who>.+?)) (?:has |have )?(?:signed in|logged in|logged on|signed on|log in|sign in)(?: as (?<as>.+?))?(?: from (?<from>\S+))?(?<noMfa> without mfa)?$/i,
    read: ({ as, ...groups }) =>
      signIns({
        who: as,
        ...(groups['who'] !== undefined && { who: groups['who'] }),
        from: groups['from'],
        noMfa: groups['noMfa'],
      }),
  },
  { pattern: /^when did (?<who>.+?) (?:last )?(?:sign|log) (?:in|on)(?: from (?<from>\S+))?$/i, read: signIns },
  {
    pattern:
      /^(?:last |latest |recent )?(?<failed>failed |denied |unsuccessful )?(?:console )?(?:log-?ins?|sign-?ins?)(?: (?:of|by|for|as) (?<who>.+?))?(?: from (?<from>\S+))?(?<noMfa> without mfa)?$/i,
    read: signIns,
  },
  {
    pattern: /^(?:from )?where (?:did|does|has|do) (?<who>.+?) (?:sign in|log in|signed in|logged in)(?: from)?$/i,
    wants: 'addresses',
    read: signIns,
  },
  {
    pattern: /^(?:from )?where (?:did|does|has|do) (?<who>.+?) (?:call|come|connect|work|called|worked)(?: from)?$/i,
    wants: 'addresses',
    read: ({ who = '' }) => identityTries(who),
  },
  {
    pattern:
      /^(?:show |list |find )?(?:me )?(?:all |the )*(?<denied>denied|refused|unauthori[sz]ed|forbidden) (?:calls?|requests?|events?|api calls?|access|attempts?)?(?: ?(?:of|by|for|from) (?<who>.+))?$/i,
    read: ({ who }) => failures(who, true),
  },
  {
    pattern:
      /^(?:show |list |find )?(?:me )?(?:all |the )*(?:failed|failing|unsuccessful) (?:calls?|requests?|events?|api calls?|attempts?)(?: ?(?:of|by|for|from) (?<who>.+))?$/i,
    read: ({ who }) => failures(who, false),
  },
  {
    pattern: /^(?:all |the )*(?:errors?|failures?)(?: ?(?:of|by|for|from|in|on|with) (?<who>.+))?$/i,
    read: ({ who }) => failures(who, false),
  },
  {
    pattern:
      /^(?:who (?:was|were|got|gets|has been) )?(?:an? )?(?:access[ -]?)?(?:denied|refused)(?: access)?(?: (?:errors?|calls?|requests?|events?))?(?: (?:of|by|for|from|to|in|on) (?<who>.+))?$/i,
    read: ({ who }) => failures(who, true),
  },
  {
    pattern: /^(?:what|which calls?) (?:has )?(?:failed|went wrong)(?: (?:of|by|for) (?<who>.+))?$/i,
    read: ({ who }) => failures(who, false),
  },
  {
    pattern:
      /^(?:what|which calls?) (?:of (?<whose>.+?) )?(?:was|were|has been|have been) (?:denied|refused)(?: (?:of|by|for|to) (?<who>.+))?$/i,
    read: ({ who, whose }) => failures(who ?? whose, true),
  },
  { pattern: /^which calls? (?:of|by) (?<who>.+?) (?:has |have )?failed$/i, read: ({ who }) => failures(who, false) },
  {
    pattern: /^(?:what|which calls?|calls?|events?|requests?) (?:came |come |were made )?from (?<from>[0-9a-f.:/]+)$/i,
    read: ({ from = '' }) => addressTries(from),
  },
  {
    pattern: /^who (?:called|came|calls|connected|works?) from (?<from>[0-9a-f.:/]+)$/i,
    read: ({ from = '' }) => addressTries(from),
  },
  {
    pattern: /^who (?:has |have )?(?:called|calls|used|made|did) (?<name>[a-z]\w+)$/i,
    read: ({ name = '' }, context) => calledTries(name, context),
  },
  { pattern: /^(?:what|anything) (?:has |have )?(?:happened|been done|was done)$/i, read: () => [everything] },
  {
    pattern: /^(?:everything|anything|what)(?: that)? (?<who>\S+) (?:did|has done|does)$/i,
    read: ({ who = '' }) => identityTries(who),
  },
  {
    pattern:
      /^(?:did any(?:one|body)|has any(?:one|body)|who)(?: has| ever)* use[ds]? (?:the )?root(?: account| user)?$/i,
    read: () => identityTries('root'),
  },
  {
    pattern: /^who (?:has )?use[ds]? (?:the )?(?:access )?key (?:id )?(?<key>\S+)$/i,
    read: ({ key = '' }, context) => singleWord(key, context),
  },
  {
    pattern: /^(?:who|what) (?:is|was) (?<name>\S+)$/i,
    read: ({ name = '' }, context) =>
      operationsOf(name) ? didKind(name, undefined, context) : singleWord(name, context),
  },
  {
    pattern:
      /^(?:who|what) (?:has |have |had |was |were |been )*(?<verb>[a-z]+)(?: (?:anything|something|things|stuff))?$/i,
    read: ({ verb = '' }, context) => didKind(verb, undefined, context),
  },
  {
    pattern: /^(?:which|what) (?<kind>[a-z0-9 ]+?) (?:was|were|has been|have been) (?<verb>[a-z]+)$/i,
    read: ({ kind = '', verb = '' }, context) => didKind(verb, kindNamed(kind), context, true),
  },
  {
    pattern: /^(?<verb>new|[a-z]+ed) (?<kind>[a-z0-9 ]+)$/i,
    read: ({ kind = '', verb = '' }, context) =>
      didKind(verb.toLowerCase() === 'new' ? 'created' : verb, kindNamed(kind), context, true),
  },
  {
    pattern:
      /^(?:who|did any(?:one|body)|has any(?:one|body)) (?:has |have |had )?(?:last |ever )?(?<verb>[a-z]+) (?<kind>[a-z0-9 ]+)$/i,
    read: ({ kind = '', verb = '' }, context) => didKind(verb, kindNamed(kind), context, true),
  },
  {
    pattern: /^(?:did|has) any(?:one|body) (?:ever )?(?<verb>[a-z]+) (?<thing>\S.*)$/i,
    read: ({ verb = '', thing = '' }, context) => didWhat(verb, thing, context),
  },
  {
    pattern: /^(?<source>[a-z0-9-]+) changes$/i,
    read: ({ source = '' }) => serviceChanges(eventSourceNamed(source)),
  },
  {
    pattern: /^(?<name>\S+?)(?: account| user)? (?:events?|calls?|activity|actions?)$/i,
    read: ({ name = '' }, context) =>
      /^(?:failed|failing|unsuccessful|denied|refused)$/i.test(name) || name.endsWith("'s")
        ? undefined
        : singleWord(name, context),
  },
  {
    pattern: /^what (?:did|has|does|is) (?<who>.+?) (?:been )?(?:do|done|doing)$/i,
    read: ({ who = '' }) => identityTries(who),
  },
  {
    pattern: /^what (?:did|has) (?<who>.+?) (?:do|done) (?:to|with) (?<thing>.+)$/i,
    read: ({ who = '', thing = '' }, context) => whoDid(who, 'do', thing, context),
  },
  {
    pattern: /^what (?:did|has) (?<who>.+?) (?<verb>[a-z]+)$/i,
    read: ({ who = '', verb = '' }, context) => whoDid(who, verb, undefined, context),
  },
  {
    pattern: /^what (?:happened|was done) (?:to|with) (?<thing>.+)$/i,
    read: ({ thing = '' }, context) => didWhat('touched', thing, context),
  },
  {
    pattern: /^(?:when|did|has) (?:did |has )?(?<who>.+?) (?:last |ever )?(?<verb>[a-z]+) (?<thing>\S.*)$/i,
    read: whenTries,
  },
  {
    pattern:
      /^(?:when|by whom) (?:was|were|has|have) (?<thing>.+?) (?:been |last )*(?<verb>[a-z]+)(?: (?:by) (?<who>.+))?$/i,
    read: ({ who, verb = '', thing = '' }, context) =>
      who === undefined ? didWhat(verb, thing, context) : whoDid(who, verb, thing, context),
  },
  {
    pattern: /^(?:who|what) (?:has |have |had )?(?:last |ever )?(?<verb>[a-z]+) (?<thing>\S.*)$/i,
    read: ({ verb = '', thing = '' }, context) => didWhat(verb, thing, context),
  },
  {
    pattern: /^(?:calls?|events?|activity|everything|requests?|actions?) (?:of|by) (?<who>.+)$/i,
    read: ({ who = '' }) => identityTries(who),
  },
  { pattern: /^(?<who>\S+)'s (?:calls?|events?|activity|actions?)$/i, read: ({ who = '' }) => identityTries(who) },
  {
    pattern: /^(?<who>\S+) (?<verb>[a-z]+ed) (?<thing>\S+)$/i,
    read: ({ who = '', verb = '', thing = '' }, context) => whoDid(who, verb, thing, context),
  },
]

function whenTries(
  { who = '', verb = '', thing = '' }: Readonly<Record<string, string | undefined>>,
  context: AskContext,
): AskTry[] | undefined {
  // "when was X deleted" belongs to the form that begins with the thing.
  if (/^(?:was|were|been)\b/i.test(who)) return undefined
  return whoDid(who, verb, thing, context)
}

const consoleSignIn = attribute('eventName', ['ConsoleLogin'])

function signIns({ who, from, failed, noMfa }: Readonly<Record<string, string | undefined>>): AskTry[] {
  const parts: SearchExpression[] = [consoleSignIn]
  let words = 'sign-ins to a console'
  if (who !== undefined) {
    parts.push(identity(thingOf(who)))
    words += ` of ${thingOf(who)}`
  }
  if (from !== undefined) {
    parts.push(...addressTries(from).map(({ expression }) => expression))
    words += ` from ${from}`
  }
  if (failed !== undefined) {
    parts.push(equals(['responseElements', 'ConsoleLogin'], 'Failure'))
    words = `failed ${words}`
  }
  if (noMfa !== undefined) {
    parts.push(equals(['additionalEventData', 'MFAUsed'], 'No'))
    words += ' without MFA'
  }
  return [{ understood: 'question', expression: all(parts), words }]
}

function failures(who: string | undefined, isDenied: boolean): AskTry[] {
  const failed: SearchExpression = isDenied
    ? matching(['errorCode'], ['*AccessDenied*', '*Unauthorized*', '*Forbidden*'])
    : { kind: 'exists', path: ['errorCode'] }
  const what = isDenied ? 'denied calls' : 'failed calls'
  if (who === undefined) return [{ understood: 'question', expression: failed, words: what }]
  const name = thingOf(who)
  if (addressForm.test(name) || networkForm.test(name))
    return addressTries(name).map(({ expression }) => ({
      understood: 'question',
      expression: all([expression, failed]),
      words: `${what} from ${name}`,
    }))
  return [
    { understood: 'question', expression: all([identity(name), failed]), words: `${what} of ${name}` },
    {
      understood: 'question',
      expression: all([attribute('eventSource', [eventSourceNamed(name) ?? name]), failed]),
      words: `${what} to ${name}`,
    },
    {
      understood: 'question',
      expression: all([attribute('resource', [name]), failed]),
      words: `${what} about ${name}`,
    },
  ]
}

function addressTries(text: string): AskTry[] {
  const network = networkForm.exec(text)
  return network ? [networkTry(text, network[1]!, Number(network[2]))] : [addressTry(text)]
}

function identityTries(who: string): AskTry[] {
  const name = thingOf(who)
  return [{ understood: 'question', expression: identity(name), words: `calls of ${name}` }]
}

function calledTries(name: string, context: AskContext): AskTry[] | undefined {
  const names = namesOf(name, context)
  if (names.length === 0 && !/^[A-Z][a-z]+[A-Z]/.test(name)) return undefined
  return [attributeTry('question', 'eventName', names.length > 0 ? names : [name], `calls of ${names[0] ?? name}`)]
}

/** Anybody who did this to the thing: by its name, then by a part of it. */
function didWhat(verb: string, thing: string, context: AskContext): AskTry[] | undefined {
  const operations = operationsOf(verb)
  if (!operations) return undefined
  const belonging = kindOf(thing)
  const name = thingOf(belonging?.owner ?? thing)
  const what = describe(operations, 'events')
  return [
    ...(belonging && operations.length > 0 ? [ofOwner(operations, belonging.kind, name)] : []),
    {
      understood: 'question',
      expression: all([...didIt(operations, context), attribute('resource', resourceNames(name))]),
      words: `${what} of the resource ${name}`,
    },
    {
      understood: 'question',
      expression: all([...didIt(operations, context), ...withText(operations, name)]),
      words: `${what} with "${name}" in them`,
    },
  ]
}

/** Anybody who did this to something of the kind; no kind: to anything. */
function didKind(verb: string, kind: string | undefined, context: AskContext, isOfKind = false): AskTry[] | undefined {
  const operations = operationsOf(verb)
  if (!operations || operations.length === 0 || (isOfKind && kind === undefined)) return undefined
  if (kind === undefined)
    return [
      { understood: 'question', expression: all(didIt(operations, context)), words: describe(operations, 'events') },
    ]
  // "DeleteBucket" before "DeleteBucketPolicy": who asks for buckets means them.
  return [
    operationsOn(operations, (head) => [`${head}${kind}`, `${head}${kind}s`]),
    operationsOn(operations, (head) => [`${head}*${kind}*`]),
  ].map((patterns) => ({
    understood: 'question' as const,
    expression: matching(['eventName'], patterns),
    words: `events named ${patterns.join(', ')}`,
  }))
}

/** Operations that are named as a whole are what they are. */
const operationsOn = (operations: readonly string[], named: (head: string) => readonly string[]): string[] =>
  operations.flatMap((pattern) => (pattern.endsWith('*') ? named(pattern.slice(0, -1)) : []))

function ofOwner(operations: readonly string[], kind: string, owner: string): AskTry {
  const patterns = operationsOn(operations, (head) => [`${head}*${kind}*`])
  return {
    understood: 'question',
    expression: all([
      matching(['eventName'], patterns),
      any([attribute('resource', [owner]), { kind: 'text', text: owner }]),
    ]),
    words: `events named ${patterns.join(', ')} with "${owner}" in them`,
  }
}

const serviceChanges = (source: string | undefined): AskTry[] | undefined =>
  source === undefined
    ? undefined
    : [
        {
          understood: 'question',
          expression: all([attribute('eventSource', [source]), attribute('readOnly', ['false'])]),
          words: `calls of ${source} that change something`,
        },
      ]

function whoDid(who: string, verb: string, thing: string | undefined, context: AskContext): AskTry[] | undefined {
  const operations = operationsOf(verb)
  if (!operations) return undefined
  const by = thingOf(who)
  const did = [identity(by), ...didIt(operations, context)]
  const what = describe(operations, 'calls')
  if (thing === undefined) return [{ understood: 'question', expression: all(did), words: `${what} of ${by}` }]
  const name = thingOf(thing)
  if (/^(?:something|anything)$/i.test(name))
    return [{ understood: 'question', expression: all(did), words: `${what} of ${by}` }]
  return [
    {
      understood: 'question',
      expression: all([...did, attribute('resource', resourceNames(name))]),
      words: `${what} of ${by} with the resource ${name}`,
    },
    {
      understood: 'question',
      expression: all([...did, ...withText(operations, name)]),
      words: `${what} of ${by} with "${name}" in them`,
    },
  ]
}

const resourceNames = (name: string): string[] => (arnForm.test(name) ? [name, lastPart(name)] : [name])

const describe = (operations: readonly string[], noun: string): string =>
  operations.length === 0 ? noun : `${noun} named ${operations.join(', ')}`

/** A search has at most 4,096 characters, and producers name operations as they like. */
const namesCharsMax = 2_000

/** Names that are known are found by the index alone; else by how they begin. */
function didIt(operations: readonly string[], { eventNames, areAllEventNames }: AskContext): SearchExpression[] {
  if (operations.length === 0) return []
  const names = eventNames.filter((name) => operations.some((pattern) => isOperationOf(name, pattern)))
  const isShort = names.join().length <= namesCharsMax
  return areAllEventNames && isShort && names.length > 0
    ? [attribute('eventName', names)]
    : [matching(['eventName'], operations)]
}

/** Whoever is called so: by user or session name, ARN, principal id or access key. */
function identity(name: string): SearchExpression {
  if (keyIdForm.test(name)) return attribute('userIdentity.accessKeyId', [name])
  if (principalIdForm.test(name)) return attribute('userIdentity.principalId', [name])
  if (arnForm.test(name))
    return any([
      attribute('userIdentity.arn', [name]),
      attribute('userIdentity.sessionContext.sessionIssuer.arn', [name]),
    ])
  return attribute('username', name.toLowerCase() === 'root' ? ['root'] : [name])
}

/** Their records have what was asked for in them, so that each question would answer the next. */
const questionNames = [
  'AskEvents',
  'SearchEvents',
  'GetEventHistogram',
  'GetEventValues',
  'GetResourceTimeline',
  'GetIdentityTimeline',
  'FollowEvents',
]
const containing = (text: string): SearchExpression[] => [
  { kind: 'text', text },
  { kind: 'not', of: attribute('eventName', questionNames) },
]

function withText(operations: readonly string[], text: string): SearchExpression[] {
  const mayBeQuestions =
    operations.length === 0 || questionNames.some((name) => operations.some((pattern) => isOperationOf(name, pattern)))
  return mayBeQuestions ? containing(text) : [{ kind: 'text', text }]
}

const textTry = (text: string): AskTry => ({
  understood: 'text',
  expression: all(containing(text)),
  words: `events with "${text}" anywhere in them`,
})

function attributeTry(understood: Understood, name: SearchAttribute, values: readonly string[], words: string): AskTry {
  return { understood, expression: attribute(name, values), words }
}

function attribute(name: SearchAttribute, values: readonly string[]): SearchExpression {
  return { kind: 'attribute', attribute: name, values: [...new Set(values)] }
}

function equals(path: readonly string[], value: string): SearchExpression {
  return { kind: 'path', path, comparison: '=', values: [value], wildcards: false }
}

function matching(path: readonly string[], values: readonly string[]): SearchExpression {
  return { kind: 'path', path, comparison: '=', values, wildcards: true }
}

const all = (of: readonly SearchExpression[]): SearchExpression => (of.length === 1 ? of[0]! : { kind: 'and', of })
const any = (of: readonly SearchExpression[]): SearchExpression => ({ kind: 'or', of })
