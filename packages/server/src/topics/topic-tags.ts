import { queryMember, type QueryNode } from '../http/index.ts'
import { findTopic, required, type SnsCall, type SnsOperation, type SnsParts } from './sns-call.ts'
import { invalidParameter, SnsError } from './sns-error.ts'
import { topicArn, type TopicDocument, type TopicTag } from './topic-documents.ts'

const tagsMax = 50
const tagForm = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/** The member `Tags` of a call. @throws {SnsError} InvalidParameter, TagLimitExceeded */
export function readTags(input: QueryNode): readonly TopicTag[] {
  const sent = queryMember.list(input, 'Tags')
  if (sent.length > tagsMax) throw tooMany()
  const tags = sent.map((tag) => ({
    key: queryMember.string(tag, 'Key') ?? '',
    value: queryMember.string(tag, 'Value') ?? '',
  }))
  for (const { key, value } of tags)
    if (key === '' || key.length > 128 || value.length > 256 || !tagForm.test(key) || !tagForm.test(value))
      throw invalidParameter('Tags')
  if (new Set(tags.map(({ key }) => key)).size < tags.length) throw invalidParameter('Tags Reason: duplicate keys')
  if (tags.some(({ key }) => /^aws:/i.test(key))) throw invalidParameter('Tags Reason: keys must not begin with aws:')
  return tags
}

const tooMany = (): SnsError => new SnsError('TagLimitExceeded', `A topic has at most ${tagsMax} tags.`)

/** Of these calls a topic that is not there is `ResourceNotFound`. */
function taggedTopic(call: SnsCall, { directory, access }: SnsParts, operation: SnsOperation): TopicDocument {
  const { input, principal, conditions } = call
  try {
    const topic = findTopic(directory, required(input, 'ResourceArn'), 'ResourceArn')
    access.authorise({ principal, conditions }, operation, topic)
    return topic
  } catch (error) {
    if (error instanceof SnsError && error.code === 'NotFound')
      throw new SnsError('ResourceNotFound', 'Resource does not exist', { cause: error })
    throw error
  }
}

async function editTags(
  call: SnsCall,
  parts: SnsParts,
  operation: SnsOperation,
  edit: (tags: readonly TopicTag[]) => readonly TopicTag[],
): Promise<Record<string, never>> {
  const found = taggedTopic(call, parts, operation)
  await parts.directory.change(async (save) => {
    const before = findTopic(parts.directory, topicArn(found), 'ResourceArn')
    const tags = edit(before.tags)
    if (tags.length > tagsMax) throw tooMany()
    if (JSON.stringify(tags) !== JSON.stringify(before.tags))
      await save({ topics: [{ before, after: { ...before, tags } }] }, call.commit({}))
  })
  return {}
}

const TagResource: SnsOperation = {
  name: 'TagResource',
  readOnly: false,
  category: 'Management',
  handle(call, parts) {
    return editTags(call, parts, TagResource, (tags) => {
      const added = readTags(call.input)
      if (added.length === 0) throw invalidParameter('Tags')
      const byKey = new Map([...tags, ...added].map((tag) => [tag.key, tag]))
      return [...byKey.values()]
    })
  },
}

const UntagResource: SnsOperation = {
  name: 'UntagResource',
  readOnly: false,
  category: 'Management',
  handle(call, parts) {
    return editTags(call, parts, UntagResource, (tags) => {
      const keys = queryMember.strings(call.input, 'TagKeys')
      if (keys.length === 0 || keys.length > tagsMax) throw invalidParameter('TagKeys')
      return tags.filter(({ key }) => !keys.includes(key))
    })
  },
}

const ListTagsForResource: SnsOperation = {
  name: 'ListTagsForResource',
  readOnly: true,
  category: 'Management',
  async handle(call, parts) {
    const { tags } = taggedTopic(call, parts, ListTagsForResource)
    return { Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })) }
  },
}

export const tagOperations: readonly SnsOperation[] = [TagResource, UntagResource, ListTagsForResource]
