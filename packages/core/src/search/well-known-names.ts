import { searchAttributes, type PathStep, type SearchAttribute } from './expression.ts'

/** What the names of LookupEvents' attributes and the short forms stand for; keys begin with a small letter. */
const meanings: Readonly<Record<string, string>> = {
  eventId: 'eventID',
  resourceName: 'resource',
  accessKeyId: 'userIdentity.accessKeyId',
  user: 'username',
  ip: 'sourceIPAddress',
  key: 'userIdentity.accessKeyId',
  arn: 'userIdentity.arn',
  error: 'errorCode',
  service: 'eventSource',
  region: 'awsRegion',
  account: 'recipientAccountId',
  ...Object.fromEntries(searchAttributes.filter((name) => !name.includes('.')).map((name) => [name, name])),
}
const pathByName = new Map(Object.entries(meanings).map(([name, path]) => [name, path.split('.')]))

const withSmallStart = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)

/** The path that a name alone stands for, its first letter in any case; undefined for names that nobody has given a meaning. */
export const wellKnownPath = (name: string): readonly string[] | undefined => pathByName.get(withSmallStart(name))

const attributePaths = searchAttributes.map((attribute) => ({ attribute, steps: attribute.split('.') }))

/** The attribute that is kept of this place in a record. */
export const attributeAt = (path: readonly PathStep[]): SearchAttribute | undefined =>
  attributePaths.find(({ steps }) => steps.length === path.length && steps.every((step, i) => step === path[i]))
    ?.attribute
