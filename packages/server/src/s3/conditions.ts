import type { ObjectHead } from '../buckets/index.ts'

/** What the conditions of a request say about an object: go on, it is as the client knows it, or it is not what it wants. */
export type ConditionOutcome = 'met' | 'not-modified' | 'failed'

type HeaderReader = (name: string) => string | undefined

/**
 * If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, in this order; a condition about the ETag makes the one
 * about the time that goes with it void. Source: RFC 9110, 13.2.2; Amazon S3 API Reference, "GetObject".
 */
export function judgeConditions({ etag, lastModified }: ObjectHead, header: HeaderReader): ConditionOutcome {
  const ifMatch = header('if-match')
  const ifNoneMatch = header('if-none-match')
  const unmodifiedSince = httpSeconds(header('if-unmodified-since'))
  const modifiedSince = httpSeconds(header('if-modified-since'))
  const modified = Math.floor(lastModified / 1_000)
  if (ifMatch !== undefined) {
    if (!names(ifMatch, etag)) return 'failed'
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince) return 'failed'
  if (ifNoneMatch !== undefined) {
    if (names(ifNoneMatch, etag)) return 'not-modified'
  } else if (modifiedSince !== undefined && modified <= modifiedSince) return 'not-modified'
  return 'met'
}

/** Whether the range is of the object that the client has the rest of; without If-Range it always is. */
export function rangeApplies({ etag, lastModified }: ObjectHead, ifRange: string | undefined): boolean {
  if (ifRange === undefined) return true
  const since = ifRange.includes('"') ? undefined : httpSeconds(ifRange)
  return since === undefined ? names(ifRange, etag) : Math.floor(lastModified / 1_000) === since
}

/** Clients send ETags with quotes, without them, as a list, or `*`. */
const names = (list: string, etag: string): boolean =>
  list.split(',').some((entry) => {
    const tag = entry.trim()
    return tag === '*' || tag.replace(/^W\//, '').replace(/^"(.*)"$/, '$1') === etag
  })

/** A date that is none counts as not sent. */
function httpSeconds(text: string | undefined): number | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(time) ? undefined : Math.floor(time / 1_000)
}
