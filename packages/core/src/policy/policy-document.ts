/** S3 takes bucket policies up to 20 KB; what other services take is smaller. Bytes of UTF-8. */
export const policyTextBytesMax = 20_480
/** A statement takes some 60 bytes, so a text of the largest size hardly holds more. */
export const policyStatementsMax = 400
/** Values in one list, of actions, resources, principals or of one condition key. */
export const policyValuesMax = 1_000
/** Characters of one value; ARNs are at most 2,048 long. */
export const policyValueCharsMax = 2_048
/** Condition keys of one statement, over all operators. */
export const policyConditionsMax = 200
/**
 * Variables in one policy. Each may stand for a long text, so many of them would make a small policy costly to evaluate;
 * real ones use a handful.
 */
export const policyVariablesMax = 50

/** Part of a pattern. Variables stand for what the request says; their values are never read as wildcards. */
export type PatternPiece =
  | { readonly kind: 'text'; readonly text: string }
  /** `*`: any characters, or none. */
  | { readonly kind: 'any' }
  /** `?`: exactly one character. */
  | { readonly kind: 'one' }
  | { readonly kind: 'variable'; readonly key: string; readonly fallback?: string }
export type Pattern = readonly PatternPiece[]

/** A list under an element or, negated, under its `Not...` form. */
export interface Listed<T> {
  readonly negated: boolean
  readonly values: readonly T[]
}

/** Whom a statement names; `name` is what kind says: account id, ARN, service host, provider or canonical id. */
export interface PolicyPrincipal {
  readonly kind: 'everyone' | 'account' | 'arn' | 'service' | 'federated' | 'canonical-user'
  readonly name: string
}

/** One condition key under one operator. */
export interface PolicyCondition {
  /** Without set prefix and `IfExists`. */
  readonly operator: string
  readonly set?: 'any' | 'all'
  readonly ifExists: boolean
  /** In lower case: condition keys have no letter case. */
  readonly key: string
  readonly values: readonly Pattern[]
}

export interface PolicyStatement {
  readonly sid?: string
  readonly effect: 'allow' | 'deny'
  /** Absent in identity policies: they apply to whomever they are attached to. */
  readonly principal?: Listed<PolicyPrincipal>
  /** In lower case: actions have no letter case. */
  readonly action: Listed<Pattern>
  readonly resource: Listed<Pattern>
  readonly conditions: readonly PolicyCondition[]
}

/** A policy that has been read; opaque to callers but plain data. */
export interface PolicyDocument {
  readonly version: '2008-10-17' | '2012-10-17'
  readonly id?: string
  readonly statements: readonly PolicyStatement[]
}

/** Leaves the reading of one policy at its first fault; `parsePolicy` turns it into a value. */
export class PolicyRefusal extends Error {
  override readonly name = 'PolicyRefusal'
}

const excerptCharsMax = 80

/** A name from untrusted text for a message: escaped and short. */
export const named = (text: string): string => quoted(text).slice(1, -1)

/** A value from untrusted text for a message: as `named`, in quotes. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > excerptCharsMax ? `${text.slice(0, excerptCharsMax)}...` : text)

/** Only A-Z: other letters that fold to ASCII ones, such as the Kelvin sign, must not name an action or a key. */
export const lowerAscii = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
