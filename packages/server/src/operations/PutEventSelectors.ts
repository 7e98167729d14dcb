import { isDeepStrictEqual } from 'node:util'
import { readSelectors, type SelectorFault, type TrailSelectors } from '@opentrail/core/selector'
import { wireSelectors } from '@opentrail/core/trail'
import { ApiError } from '../api-error/index.ts'
import { defineOperation } from './define-operation.ts'
import { findTrailAtHome } from './find-trail.ts'
import { inputMember } from './operation-input.ts'

const codeByFault = {
  invalid: 'InvalidEventSelectorsException',
  serialization: 'SerializationException',
} as const satisfies Record<SelectorFault['kind'], string>

/** A trail is one document of the control store, which takes 1 MiB: this leaves room for 50 tags and all settings. */
const selectorsBytesMax = 768 * 1024

/** Replaces all selectors of a trail by the given ones, of one kind. Home Region only. */
export const PutEventSelectors = defineOperation('PutEventSelectors', async (input, context) => {
  const nameOrArn = inputMember.string(input, 'TrailName')
  const read = readSelectors({
    eventSelectors: inputMember.list(input, 'EventSelectors'),
    advancedEventSelectors: inputMember.list(input, 'AdvancedEventSelectors'),
  })
  if (!read.ok && read.kind === 'serialization') throw new ApiError(codeByFault[read.kind], read.message)
  return context.trails.change(async (save) => {
    const before = findTrailAtHome(context, nameOrArn)
    if (!read.ok) throw new ApiError(codeByFault[read.kind], read.message)
    refuseTooLarge(read.selectors)
    const after = { ...before, selectors: read.selectors, hasCustomSelectors: true }
    const output = wireSelectors(after)
    if (!isDeepStrictEqual(after, before)) await save({ before, after, output }, context.commit)
    return output
  })
})

function refuseTooLarge(selectors: TrailSelectors): void {
  if (Buffer.byteLength(JSON.stringify(selectors)) <= selectorsBytesMax) return
  throw new ApiError(
    'InvalidEventSelectorsException',
    `The event selectors of a trail can have up to ${selectorsBytesMax} bytes of JSON.`,
  )
}
