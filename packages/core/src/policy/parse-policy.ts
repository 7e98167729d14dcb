import { readConditions } from './condition.ts'
import { readPattern } from './pattern.ts'
import {
  lowerAscii,
  policyStatementsMax,
  policyVariablesMax,
  PolicyRefusal,
  quoted,
  type Listed,
  type Pattern,
  type PolicyDocument,
  type PolicyStatement,
} from './policy-document.ts'
import { readMembers, readPolicyJson, readText, readValues } from './policy-json.ts'
import { readPrincipals } from './principal.ts'

/** Resource policies say whom they are for; identity policies are attached to whom they are for. */
export type PolicyKind = 'resource' | 'identity'

export type PolicyReading =
  { readonly ok: true; readonly policy: PolicyDocument } | { readonly ok: false; readonly message: string }

/**
 * Reads a policy strictly: what AWS's grammar does not have is refused, and the message names it in the words of S3's
 * MalformedPolicy. The text is untrusted; its bounds are the constants `policy...Max`.
 * Source: IAM User Guide, "Grammar of the IAM JSON policy language".
 */
export function parsePolicy(text: string, kind: PolicyKind): PolicyReading {
  try {
    return { ok: true, policy: readDocument(readPolicyJson(text), kind) }
  } catch (error) {
    if (error instanceof PolicyRefusal) return { ok: false, message: error.message }
    throw error
  }
}

function readDocument(value: unknown, kind: PolicyKind): PolicyDocument {
  const members = readMembers(value, 'Policy', ['Version', 'Id', 'Statement'])
  const version = readVersion(members.get('Version'))
  const id = members.get('Id')
  const statement = members.get('Statement')
  if (statement === undefined) throw new PolicyRefusal('Missing required field Statement')
  const list: unknown[] = Array.isArray(statement) ? statement : [statement]
  if (list.length === 0) throw new PolicyRefusal('Could not parse the policy: Statement is empty!')
  if (list.length > policyStatementsMax)
    throw new PolicyRefusal(`A policy may have at most ${policyStatementsMax} statements`)
  const statements = list.map((item) => readStatement(item, kind, version === '2012-10-17'))
  checkSids(statements, kind)
  checkVariables(statements)
  return { version, ...(id !== undefined && { id: readText(id, 'Id') }), statements }
}

function readVersion(value: unknown): PolicyDocument['version'] {
  if (value === undefined) return '2008-10-17'
  if (value === '2008-10-17' || value === '2012-10-17') return value
  throw new PolicyRefusal('The policy must contain a valid version string')
}

const statementMembers = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]

function readStatement(value: unknown, kind: PolicyKind, variables: boolean): PolicyStatement {
  const members = readMembers(value, 'Statement', statementMembers)
  const sid = readSid(members.get('Sid'), kind)
  const effect = readEffect(members.get('Effect'))
  const principal = readPrincipal(members, kind)
  if (principal?.negated && effect === 'allow')
    throw new PolicyRefusal('NotPrincipal with Effect Allow is not supported')
  return {
    ...(sid !== undefined && { sid }),
    effect,
    ...(principal && { principal }),
    action: readListed(members, 'Action', readAction),
    resource: readListed(members, 'Resource', (text) => readResource(text, variables)),
    conditions: members.has('Condition') ? readConditions(members.get('Condition'), variables) : [],
  }
}

function readSid(value: unknown, kind: PolicyKind): string | undefined {
  if (value === undefined) return undefined
  const sid = readText(value, 'Sid')
  if (kind === 'identity' && !/^[A-Za-z0-9]*$/.test(sid))
    throw new PolicyRefusal(`Statement IDs (SID) must be alpha-numeric: ${quoted(sid)}`)
  return sid
}

/** IAM demands that Sids are unique; empty ones, which some tools write, count as none. */
function checkSids(statements: readonly PolicyStatement[], kind: PolicyKind): void {
  if (kind === 'resource') return
  const sids = statements.flatMap(({ sid }) => (sid === undefined || sid === '' ? [] : [sid]))
  if (new Set(sids).size < sids.length)
    throw new PolicyRefusal('Statement IDs (SID) in a single policy must be unique.')
}

function checkVariables(statements: readonly PolicyStatement[]): void {
  const patterns = statements.flatMap(({ resource, conditions }) => [
    ...resource.values,
    ...conditions.flatMap(({ values }) => values),
  ])
  const count = patterns.flat().filter(({ kind }) => kind === 'variable').length
  if (count > policyVariablesMax) throw new PolicyRefusal(`A policy may have at most ${policyVariablesMax} variables`)
}

function readEffect(value: unknown): PolicyStatement['effect'] {
  if (value === undefined) throw new PolicyRefusal('Missing required field Effect')
  if (value === 'Allow') return 'allow'
  if (value === 'Deny') return 'deny'
  throw new PolicyRefusal(`Invalid effect: ${typeof value === 'string' ? quoted(value) : 'not a string'}`)
}

type Members = ReadonlyMap<string, unknown>

/** Which of `Name` and `NotName` is there: exactly one has to be. */
function listedMember(members: Members, name: string): { readonly negated: boolean; readonly value: unknown } {
  const negated = members.has(`Not${name}`)
  if (negated && members.has(name)) throw new PolicyRefusal(`A statement may not have both ${name} and Not${name}`)
  if (!negated && !members.has(name)) throw new PolicyRefusal(`Missing required field ${name}`)
  return { negated, value: members.get(negated ? `Not${name}` : name) }
}

function readPrincipal(members: Members, kind: PolicyKind): PolicyStatement['principal'] {
  if (kind === 'resource') {
    const { negated, value } = listedMember(members, 'Principal')
    return { negated, values: readPrincipals(value) }
  }
  if (members.has('Principal') || members.has('NotPrincipal'))
    throw new PolicyRefusal('Policy document should not specify a principal.')
  return undefined
}

function readListed(members: Members, name: string, read: (text: string) => Pattern): Listed<Pattern> {
  const { negated, value } = listedMember(members, name)
  return { negated, values: readValues(value, negated ? `Not${name}` : name, 'strings').map(read) }
}

/** `*`, or a service and a name, in which alone wildcards may stand. */
function readAction(text: string): Pattern {
  if (text !== '*' && !/^[A-Za-z0-9-]+:[A-Za-z0-9*?]+$/.test(text))
    throw new PolicyRefusal(`Policy has invalid action: ${quoted(text)}`)
  return readPattern(lowerAscii(text), { wildcards: true, variables: false })
}

function readResource(text: string, variables: boolean): Pattern {
  if (text !== '*' && !text.startsWith('arn:')) throw new PolicyRefusal(`Policy has invalid resource: ${quoted(text)}`)
  return readPattern(text, { wildcards: true, variables })
}
