import { wireTag } from '@opentrail/core/trail'
import { ApiError } from '../api-error/index.ts'
import { defineOperation } from './define-operation.ts'
import { findTaggedTrail } from './find-tagged-trail.ts'
import type { OperationContext } from './operation.ts'
import { inputMember } from './operation-input.ts'

/** Source: CloudTrail API Reference, ListTags. */
const resourcesMax = 20

/** The tags of up to 20 trails, or of their shadows, in the order asked for. */
export const ListTags = defineOperation('ListTags', async (input, context) => {
  const arns = inputMember.strings(input, 'ResourceIdList')
  const token = inputMember.string(input, 'NextToken')
  if (!arns) throw new ApiError('InvalidParameterException', 'ResourceIdList is required.')
  if (arns.length > resourcesMax)
    throw new ApiError('InvalidParameterException', `ResourceIdList can have up to ${resourcesMax} resources.`)
  if (token !== undefined) throw new ApiError('InvalidTokenException', 'ListTags has issued no such NextToken.')
  return { ResourceTagList: arns.map((arn) => resourceTag(arn, context)) }
})

function resourceTag(arn: string, context: OperationContext) {
  return { ResourceId: arn, TagsList: findTaggedTrail(context, arn).tags.map(wireTag) }
}
