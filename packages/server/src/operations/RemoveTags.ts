import { readTagKeys, removeTags } from '@opentrail/core/trail'
import { defineOperation } from './define-operation.ts'
import { findTaggedTrail, missingTagsList } from './find-tagged-trail.ts'
import { refuseAwayFromHome } from './find-trail.ts'
import { inputMember } from './operation-input.ts'
import { readSentTags } from './trail-input.ts'
import { accepted } from './trail-refusal.ts'

/** Removes tags by key, whatever value the request gives; keys that a trail does not have are ignored. Home Region only. */
export const RemoveTags = defineOperation('RemoveTags', async (input, context) => {
  const arn = inputMember.string(input, 'ResourceId')
  const sent = readSentTags(input)
  return context.trails.change(async (save) => {
    const before = findTaggedTrail(context, arn)
    refuseAwayFromHome(before, context)
    if (!sent) throw missingTagsList()
    const tags = removeTags(before.tags, accepted(readTagKeys(sent)).keys)
    const after = { ...before, tags }
    if (tags.length < before.tags.length) await save({ before, after, output: {} }, context.commit)
    return {}
  })
})
