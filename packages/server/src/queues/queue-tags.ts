import { invalidValue } from './queue-error.ts'
import { tagsMax } from './queue-limits.ts'

type Tags = Readonly<Record<string, string>>

const keyCharsMax = 128
const valueCharsMax = 256

/** @throws {ApiError} InvalidParameterValue */
export function readTags(sent: Tags): Tags {
  for (const [key, value] of Object.entries(sent)) {
    if (key === '' || key.length > keyCharsMax || value.length > valueCharsMax)
      throw invalidValue(
        `A tag has a key of 1 to ${keyCharsMax} characters and a value of at most ${valueCharsMax} characters.`,
      )
    if (/^aws:/i.test(key)) throw invalidValue('Keys of tags must not begin with aws:.')
  }
  return checkCount(sent)
}

/** @throws {ApiError} InvalidParameterValue: too many. */
export const addTags = (before: Tags, added: Tags): Tags => checkCount({ ...before, ...added })

export const removeTags = (before: Tags, keys: readonly string[]): Tags =>
  Object.fromEntries(Object.entries(before).filter(([key]) => !keys.includes(key)))

function checkCount(tags: Tags): Tags {
  if (Object.keys(tags).length > tagsMax) throw invalidValue(`A queue has at most ${tagsMax} tags.`)
  return tags
}
