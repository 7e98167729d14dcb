import assert from 'node:assert/strict'
import { evaluatePolicies, type PolicyDecision, type PolicyRequest } from './evaluate-policies.ts'
import { parsePolicy, type PolicyKind } from './parse-policy.ts'
import type { PolicyDocument } from './policy-document.ts'

export type Json = Readonly<Record<string, unknown>>

/** Allows everyone to read everything, unless members say otherwise; a member that is undefined is left out. */
export const statement = (members: Json = {}): Json => ({
  Effect: 'Allow',
  Principal: '*',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::photos/*',
  ...members,
})

export const policyText = (...statements: readonly Json[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })

export function readPolicy(text: string, kind: PolicyKind = 'resource'): PolicyDocument {
  const reading = parsePolicy(text, kind)
  assert.ok(reading.ok, reading.ok ? '' : `${reading.message} in ${text}`)
  return reading.policy
}

export const policy = (...statements: readonly Json[]): PolicyDocument => readPolicy(policyText(...statements))

/** Why a policy is refused; fails if it is not. */
export function refusal(text: string, kind: PolicyKind = 'resource'): string {
  const reading = parsePolicy(text, kind)
  assert.ok(!reading.ok, `accepted: ${text}`)
  return reading.message
}

export const request = (members: Partial<PolicyRequest> = {}): PolicyRequest => ({
  principal: { kind: 'anonymous' },
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::photos/2026/cat.jpg',
  context: {},
  ...members,
})

export const decide = (members: Partial<PolicyRequest>, ...statements: readonly Json[]): PolicyDecision =>
  evaluatePolicies([policy(...statements)], request(members))

/** Whether a statement with this condition applies to a request with this context; Allow and Deny must agree. */
export function holds(condition: Json, context: PolicyRequest['context']): boolean {
  const allowed = decide({ context }, statement({ Condition: condition })).effect === 'allow'
  const denied = decide({ context }, statement({ Effect: 'Deny', Condition: condition })).effect === 'deny'
  assert.equal(allowed, denied, 'a condition means the same under Allow and Deny')
  return allowed
}
