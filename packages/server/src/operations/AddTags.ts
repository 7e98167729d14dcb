import { isDeepStrictEqual } from 'node:util'
import { addTags, readTags } from '@opentrail/core/trail'
import { defineOperation } from './define-operation.ts'
import { findTaggedTrail, missingTagsList } from './find-tagged-trail.ts'
import { refuseAwayFromHome } from './find-trail.ts'
import { inputMember } from './operation-input.ts'
import { readSentTags } from './trail-input.ts'
import { accepted } from './trail-refusal.ts'

/** Adds tags to a trail; keys that it has get the new values. Home Region only. */
export const AddTags = defineOperation('AddTags', async (input, context) => {
  const arn = inputMember.string(input, 'ResourceId')
  const sent = readSentTags(input)
  return context.trails.change(async (save) => {
    const before = findTaggedTrail(context, arn)
    refuseAwayFromHome(before, context)
    if (!sent) throw missingTagsList()
    const { tags } = accepted(addTags(before.tags, accepted(readTags(sent)).tags))
    const after = { ...before, tags }
    if (!isDeepStrictEqual(after, before)) await save({ before, after, output: {} }, context.commit)
    return {}
  })
})
