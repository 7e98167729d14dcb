import { z } from 'zod'
import { suggestion } from './suggestion.ts'
import { createSecret, type Secret } from './secret.ts'
import type { RemoteBuckets } from './configuration.ts'
import { jsonFault } from './values.ts'

/** Where a secret key is to be found. Files and variables are read when the whole configuration is put together. */
export type SecretPlace =
  | { readonly kind: 'value'; readonly secret: Secret }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment'; readonly variable: string }

/** An entry of `buckets` as checked by itself. */
export type BucketsEntry = Omit<RemoteBuckets, 'credentials'> & {
  readonly accessKeyId: string
  readonly secretPlace: SecretPlace
  readonly sessionToken?: Secret
}

/** Each is a connection pool and a search at every call. */
const entriesMax = 100

const secretKeys = ['secret-access-key', 'secret-access-key-file', 'secret-access-key-environment'] as const
const entryKeys = [
  'name',
  'endpoint',
  'region',
  'path-style',
  'access-key-id',
  ...secretKeys,
  'session-token',
  'conditional-put',
  'check-policy',
] as const
type EntryKey = (typeof entryKeys)[number]

/** A list of objects, or its JSON text. No complaint repeats a value that may be a secret in the wrong place. */
export const remoteBuckets = z.unknown().transform((value, context): readonly BucketsEntry[] => {
  const problems: string[] = []
  const entries = parseEntries(value, problems)
  for (const message of problems) context.addIssue({ code: 'custom', message })
  return problems.length > 0 ? z.NEVER : entries
})

function parseEntries(value: unknown, problems: string[]): BucketsEntry[] {
  let list = value
  try {
    if (typeof value === 'string') list = JSON.parse(value)
  } catch (error) {
    problems.push(`cannot be read as JSON: ${jsonFault(error)}`)
    return []
  }
  if (!Array.isArray(list)) {
    problems.push('must be a list of objects such as [{"name": "my-logs", "region": "eu-west-1", ...}]')
    return []
  }
  if (list.length > entriesMax) {
    problems.push(`has ${list.length} entries; ${entriesMax} is the most`)
    return []
  }
  const entries = list.flatMap((item: unknown, index) => {
    const entry = parseEntry(item, (message) => problems.push(`entry ${index + 1} ${message}`))
    return entry === undefined ? [] : [entry]
  })
  // With entries missing, the numbers would be wrong.
  if (problems.length === 0) findHidden(entries, problems)
  return entries
}

/** An entry behind one that takes all its buckets is a mistake, and one that sends logs to the wrong store. */
function findHidden(entries: readonly BucketsEntry[], problems: string[]): void {
  for (const [index, { name }] of entries.entries()) {
    const earlier = entries.slice(0, index).findIndex((other) => covers(other.name, name))
    if (earlier !== -1)
      problems.push(
        `entry ${index + 1} ("${name}") is never used: entry ${earlier + 1} ("${entries[earlier]!.name}") comes first`,
      )
  }
}

const covers = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name

type Complain = (message: string) => void

function parseEntry(item: unknown, complain: Complain): BucketsEntry | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    complain('must be an object')
    return undefined
  }
  let isGood = true
  const refuse = (message: string): undefined => {
    isGood = false
    complain(message)
  }
  const given = new Map(Object.entries(item).filter(([, value]) => value !== undefined))
  for (const key of given.keys())
    if (!entryKeys.some((known) => known === key)) refuse(`has no "${key}"${suggestion(key, entryKeys)}`)

  const text = (key: EntryKey, matches: (value: string) => boolean, expected: string): string | undefined => {
    const value = given.get(key)
    if (value === undefined) return undefined
    return typeof value === 'string' && matches(value) ? value : refuse(`needs ${expected} as "${key}"`)
  }
  const needed = (key: EntryKey, matches: (value: string) => boolean, expected: string): string =>
    (given.has(key) ? text(key, matches, expected) : refuse(`has no "${key}": ${expected}`)) ?? ''
  const flag = (key: EntryKey, fallback: boolean): boolean => {
    const value = given.get(key) ?? fallback
    return typeof value === 'boolean' ? value : (refuse(`needs true or false as "${key}"`) ?? fallback)
  }

  const endpoint = text(
    'endpoint',
    isEndpoint,
    'a URL such as https://minio.example.org:9000, without user, query and #,',
  )
  const sessionToken = text('session-token', isHeaderText, 'a text')
  const entry: BucketsEntry = {
    name: needed('name', isBucketPattern, 'a bucket’s name, a beginning such as logs-*, or *'),
    ...(endpoint !== undefined && { endpoint }),
    region: needed('region', isRegionText, 'the Region that the store signs for, such as us-east-1'),
    pathStyle: flag('path-style', endpoint !== undefined),
    accessKeyId: needed('access-key-id', isHeaderText, 'a text'),
    secretPlace: secretPlace(secretKeys.filter((key) => given.has(key)).length, text, refuse),
    ...(sessionToken !== undefined && { sessionToken: createSecret(sessionToken) }),
    conditionalPut: conditionalPut(text),
    checkPolicy: flag('check-policy', true),
  }
  return isGood ? entry : undefined
}

type ReadText = (key: EntryKey, matches: (value: string) => boolean, expected: string) => string | undefined

function secretPlace(count: number, text: ReadText, refuse: (message: string) => undefined): SecretPlace {
  const [value, path, variable] = [
    text('secret-access-key', isHeaderText, 'a text'),
    text('secret-access-key-file', (given) => given !== '', 'a path'),
    text('secret-access-key-environment', isVariable, 'a variable’s name, none that begins with OPENTRAIL_,'),
  ]
  if (count !== 1) refuse(`needs exactly one of ${secretKeys.join(', ')}`)
  if (path !== undefined) return { kind: 'file', path }
  if (variable !== undefined) return { kind: 'environment', variable }
  return { kind: 'value', secret: createSecret(value ?? '') }
}

function conditionalPut(text: ReadText): RemoteBuckets['conditionalPut'] {
  const choices = ['auto', 'on', 'off'] as const
  const given = text('conditional-put', (value) => choices.some((choice) => choice === value), 'auto, on or off')
  return choices.find((choice) => choice === given) ?? 'auto'
}

/** Goes into a header, and is no secret that was pasted with its line end. */
export const isHeaderText = (value: string): boolean => /^[\x21-\x7e]{1,4096}$/.test(value)
const isRegionText = (value: string): boolean => /^[a-z0-9][a-z0-9-]{0,62}$/.test(value)
// A variable of ours would be taken for a setting.
export const isVariable = (value: string): boolean => /^(?!OPENTRAIL_)[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(value)
const isBucketPattern = (value: string): boolean =>
  value === '*' || /^[a-z0-9](?:[a-z0-9.-]{1,61}[a-z0-9]|[a-z0-9.-]{0,61}\*)$/.test(value)

export function isEndpoint(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined
  return (
    url !== undefined &&
    ['http:', 'https:'].includes(url.protocol) &&
    [url.username, url.password, url.search, url.hash].every((part) => part === '') &&
    !/[?#@\s]/.test(value)
  )
}
