/**
 * What the index keeps of every event in a column of its own, by the place in this list (stored, so it only grows at its end).
 * The names are those of the record's members; `resource` is the name of any of the event's resources, `username` as LookupEvents
 * shows it.
 */
export const searchAttributes = [
  'eventName',
  'eventSource',
  'username',
  'userIdentity.arn',
  'userIdentity.principalId',
  'userIdentity.accessKeyId',
  'userIdentity.sessionContext.sessionIssuer.arn',
  'sourceIPAddress',
  'userAgent',
  'errorCode',
  'eventType',
  'eventID',
  'eventCategory',
  'readOnly',
  'resource',
  'resourceType',
] as const
export type SearchAttribute = (typeof searchAttributes)[number]

/** One step into a record: a member's name, an element's index, or every element. */
export type PathStep = string | number | { readonly every: true }

export type Comparison = '=' | '<' | '<=' | '>' | '>=' | 'contains'

/**
 * A search as a tree. `attribute`: one of the event's values equals one of `values` (exact, case-sensitive). `path`: something at the
 * path compares with one of `values`; `*` in a value of `=` stands for any characters where `wildcards` says so. `exists`: there is
 * something other than null at the path. `text`: the record contains it, in any case of letters.
 */
export type SearchExpression =
  | { readonly kind: 'and' | 'or'; readonly of: readonly SearchExpression[] }
  | { readonly kind: 'not'; readonly of: SearchExpression }
  | { readonly kind: 'attribute'; readonly attribute: SearchAttribute; readonly values: readonly string[] }
  | {
      readonly kind: 'path'
      readonly path: readonly PathStep[]
      readonly comparison: Comparison
      readonly values: readonly string[]
      readonly wildcards: boolean
    }
  | { readonly kind: 'exists'; readonly path: readonly PathStep[] }
  | { readonly kind: 'text'; readonly text: string }
