import { arnTest } from './arn-pattern.ts'
import { conditionHolds } from './condition.ts'
import { matchPattern } from './pattern-match.ts'
import type { ContextValues } from './pattern.ts'
import { lowerAscii, type Listed, type Pattern, type PolicyDocument, type PolicyStatement } from './policy-document.ts'
import { coversPrincipal, type RequestPrincipal } from './principal.ts'
import { readContext, requestTextCharsMax } from './request-context.ts'

export interface PolicyRequest {
  readonly principal: RequestPrincipal
  /** `s3:PutObject`, in any letter case. */
  readonly action: string
  /** `arn:aws:s3:::bucket/key`, or `*` for actions that have no resource. */
  readonly resource: string
  /** Condition keys in any letter case: `aws:SourceArn`, `s3:x-amz-acl`. Absent and undefined are the same. */
  readonly context: Readonly<Record<string, string | readonly string[] | undefined>>
}

export interface PolicyDecision {
  /** `none`: no statement says anything, so the request is not allowed by these policies. */
  readonly effect: 'allow' | 'deny' | 'none'
  /** The Sid of the statement that decided, or its index in its policy. */
  readonly statement?: string
}

/**
 * Explicit deny wins, then allow, else none. Never throws. A request beyond the bounds of `request-context.ts` is denied,
 * without a statement: what cannot be judged is not allowed.
 *
 * Resource and identity policies are not told apart here: whether one of both is enough depends on the accounts, which the
 * caller knows. A statement without Principal applies to whoever asks.
 */
export function evaluatePolicies(policies: readonly PolicyDocument[], request: PolicyRequest): PolicyDecision {
  const context = readContext(request.context)
  if (!context || request.action.length > requestTextCharsMax || request.resource.length > requestTextCharsMax)
    return { effect: 'deny' }
  const question = { ...request, action: lowerAscii(request.action), context }
  let decision: PolicyDecision = { effect: 'none' }
  for (const { statements } of policies)
    for (const [index, statement] of statements.entries()) {
      // Once something allows, only a deny can still change the answer.
      if (statement.effect === decision.effect || !applies(statement, question)) continue
      decision = { effect: statement.effect, statement: nameOf(statement, index) }
      if (decision.effect === 'deny') return decision
    }
  return decision
}

const nameOf = ({ sid }: PolicyStatement, index: number): string =>
  sid === undefined || sid === '' ? String(index) : sid

interface Question {
  readonly principal: RequestPrincipal
  readonly action: string
  readonly resource: string
  readonly context: ContextValues
}

function applies(statement: PolicyStatement, { principal, action, resource, context }: Question): boolean {
  return (
    (!statement.principal || coversPrincipal(statement.principal, principal)) &&
    coversAction(statement.action, action) &&
    coversResource(statement.resource, resource, context, statement.effect) &&
    statement.conditions.every((condition) => conditionHolds(condition, context, statement.effect))
  )
}

const coversAction = ({ values, negated }: Listed<Pattern>, action: string): boolean =>
  values.some((pattern) => matchPattern(pattern, action)) !== negated

/**
 * A pattern with a variable that has no value matches nothing. In NotResource that would widen the statement, so there it
 * stops Allow and lets Deny apply.
 */
function coversResource(
  { values, negated }: Listed<Pattern>,
  resource: string,
  context: ContextValues,
  effect: 'allow' | 'deny',
): boolean {
  const tests = values.map((pattern) => arnTest(pattern, context, true))
  if (negated && tests.includes(undefined)) return effect === 'deny'
  return tests.some((test) => test?.(resource)) !== negated
}
