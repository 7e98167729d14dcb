import { trailFault, type TrailFault } from './trail-fault.ts'
import type { Tag } from './trail.ts'

/** Of one resource. */
export const tagsMax = 50
/** Of one request; the API's list may be longer than what a resource can have. */
const listMax = 200

// Letters of all scripts, as AWS's tagging rules have it.
const keyForm = /^[\p{L}\p{N}\p{Z}_.:/=+\-@]{1,128}$/u
const valueForm = /^[\p{L}\p{N}\p{Z}_.:/=+\-@]{0,256}$/u
const characters = 'letters, numbers, spaces and the characters _ . : / = + - @'

const invalid = (message: string) => trailFault('invalid-tag', message)
const tooMany = () => trailFault('too-many-tags', `A trail can have up to ${tagsMax} tags.`)

/** A tag as a request has it. */
export interface SentTag {
  readonly key?: string | undefined
  readonly value?: string | undefined
}

/** Tags to be put on a resource. Source: CloudTrail API Reference, Tag. */
export function readTags(sent: readonly SentTag[]): { readonly ok: true; readonly tags: readonly Tag[] } | TrailFault {
  if (sent.length > listMax) return tooMany()
  const tags: Tag[] = []
  const keys = new Set<string>()
  for (const { key, value } of sent) {
    if (key === undefined || !keyForm.test(key))
      return invalid(`A tag key must have 1 to 128 characters: ${characters}.`)
    if (/^aws:/i.test(key)) return invalid('A tag key must not start with aws:, which is reserved.')
    if (value !== undefined && !valueForm.test(value))
      return invalid(`A tag value must have at most 256 characters: ${characters}.`)
    if (keys.has(key)) return invalid(`The tag key ${key} is there more than once.`)
    keys.add(key)
    tags.push({ key, ...(value !== undefined && { value }) })
  }
  return tags.length > tagsMax ? tooMany() : { ok: true, tags }
}

/** Keys of tags to be removed; one that no resource can have is removed from none. */
export function readTagKeys(
  sent: readonly SentTag[],
): { readonly ok: true; readonly keys: ReadonlySet<string> } | TrailFault {
  if (sent.length > listMax) return invalid(`TagsList can have up to ${listMax} tags.`)
  const keys = new Set<string>()
  for (const { key } of sent) {
    if (key === undefined || key === '') return invalid('A tag to be removed must have a key.')
    keys.add(key)
  }
  return { ok: true, keys }
}

/** Keys that are there get the new value and keep their place. */
export function addTags(
  current: readonly Tag[],
  added: readonly Tag[],
): { readonly ok: true; readonly tags: readonly Tag[] } | TrailFault {
  const tags = new Map([...current, ...added].map((tag) => [tag.key, tag]))
  return tags.size > tagsMax ? tooMany() : { ok: true, tags: [...tags.values()] }
}

export const removeTags = (current: readonly Tag[], keys: ReadonlySet<string>): readonly Tag[] =>
  current.filter(({ key }) => !keys.has(key))
