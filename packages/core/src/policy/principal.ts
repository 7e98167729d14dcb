import { readMembers, readValues } from './policy-json.ts'
import { PolicyRefusal, quoted, type Listed, type PolicyPrincipal } from './policy-document.ts'

/** Who asks, as the caller has authenticated it. */
export type RequestPrincipal =
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'aws'; readonly account: string; readonly arn: string }
  | { readonly kind: 'anonymous' }

const everyone: PolicyPrincipal = { kind: 'everyone', name: '*' }

const invalid = (type: string, name: string): PolicyRefusal =>
  new PolicyRefusal(`Invalid principal in policy: ${quoted(type)} : ${quoted(name)}`)

/**
 * Reads a Principal or NotPrincipal element.
 * @throws {PolicyRefusal}
 */
export function readPrincipals(element: unknown): PolicyPrincipal[] {
  if (element === '*') return [everyone]
  if (typeof element === 'string') throw invalid('Principal', element)
  const members = readMembers(element, 'Principal')
  if (members.size === 0) throw new PolicyRefusal('Missing required field Principal cannot be empty!')
  return [...members].flatMap(([type, names]) => {
    const read = readers.get(type)
    if (!read) throw new PolicyRefusal(`Invalid principal in policy: Unknown field ${quoted(type)}`)
    return readValues(names, `Principal ${type}`, 'strings').map((name) => {
      const principal = read(name)
      if (!principal) throw invalid(type, name)
      return principal
    })
  })
}

const readers: ReadonlyMap<string, (name: string) => PolicyPrincipal | undefined> = new Map([
  ['AWS', readAwsPrincipal],
  ['Service', (name: string) => only(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/, 'service', name)],
  ['Federated', (name: string) => only(/^[\w.:/@+=,-]+$/, 'federated', name)],
  ['CanonicalUser', (name: string) => only(/^[0-9a-f]{64}$/, 'canonical-user', name)],
])

const only = (form: RegExp, kind: PolicyPrincipal['kind'], name: string): PolicyPrincipal | undefined =>
  form.test(name) ? { kind, name } : undefined

/** A user, role, session or federated user; group ARNs are no principals, and parts of a name have no wildcards. */
const iamArn =
  /^arn:[a-z][a-z0-9-]*:(?:iam::\d{12}:(?:user|role)|sts::\d{12}:(?:assumed-role\/[^/]+|federated-user))\/[!-~]+$/
/** CloudFront's own users stand in many bucket policies; nobody here asks as one of them. */
const cloudFrontUser = /^arn:[a-z][a-z0-9-]*:iam::cloudfront:user\/CloudFront Origin Access Identity [A-Z0-9]+$/

function readAwsPrincipal(name: string): PolicyPrincipal | undefined {
  if (name === '*') return everyone
  const [, bare, ofRoot] = /^(?:(\d{12})|arn:[a-z][a-z0-9-]*:iam::(\d{12}):root)$/.exec(name) ?? []
  const account = bare ?? ofRoot
  if (account !== undefined) return { kind: 'account', name: account }
  const isArn = (iamArn.test(name) && !/[*?]/.test(name)) || cloudFrontUser.test(name)
  return isArn ? { kind: 'arn', name } : undefined
}

/**
 * Whether a statement's (Not)Principal covers who asks.
 *
 * Principal: `*` covers everyone, services and anonymous callers too; an account covers all of its principals; a role
 * covers its sessions. NotPrincipal leaves out only whom it names exactly: an account there is its root user, a role does
 * not stand for its sessions. Federated and canonical users are read, but no request is made as one.
 * Source: IAM User Guide, "Principal" and "NotPrincipal".
 */
export function coversPrincipal(listed: Listed<PolicyPrincipal>, asking: RequestPrincipal): boolean {
  const covers = listed.negated ? isNamed : includes
  return listed.values.some((principal) => covers(principal, asking)) !== listed.negated
}

function isNamed({ kind, name }: PolicyPrincipal, asking: RequestPrincipal): boolean {
  if (kind === 'everyone') return true
  if (asking.kind === 'service') return kind === 'service' && name === asking.service
  if (asking.kind === 'anonymous') return false
  if (kind === 'account') return name === asking.account && asking.arn.endsWith(`:iam::${name}:root`)
  return kind === 'arn' && name === asking.arn
}

function includes(principal: PolicyPrincipal, asking: RequestPrincipal): boolean {
  if (isNamed(principal, asking)) return true
  if (asking.kind !== 'aws') return false
  if (principal.kind === 'account') return principal.name === asking.account
  return principal.kind === 'arn' && isSessionOf(asking.arn, principal.name)
}

/** Role names are unique in an account whatever their path, and session ARNs leave the path out. */
function isSessionOf(session: string, role: string): boolean {
  const [, partition, account, path] = /^arn:([^:]+):iam::(\d{12}):role\/(.+)$/.exec(role) ?? []
  if (partition === undefined || path === undefined) return false
  return session.startsWith(`arn:${partition}:sts::${account}:assumed-role/${path.slice(path.lastIndexOf('/') + 1)}/`)
}
