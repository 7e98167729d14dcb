import type { PolicyRequest } from '@opentrail/core/policy'
import type { KeyTag } from '../key-documents.ts'
import { KeyServiceError } from '../key-service.ts'
import { changeKey, checkNotPending } from './change-key.ts'
import { createInputReader } from './input.ts'
import { authoriseKey, type KmsHandler } from './kms-call.ts'
import { pageOf, readPage } from './pages.ts'
import { wireTag } from './wire-key.ts'
import { keyIdRule } from './rules.ts'

/** AWS's quota of one key. */
const tagsMax = 50

export const TagResource: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  const tags = reader.tags('Tags')
  if (!tags) reader.refuse('Tags', null, 'Member must not be null')
  reader.check()
  const sent = tags ?? []
  const conditions = tagConditions(sent)
  await changeKey(call, { action: 'kms:TagResource', reference, conditions }, (key) => {
    checkNotPending(key)
    checkTags(sent)
    const kept = key.tags.filter((tag) => !sent.some(({ key: name }) => name === tag.key))
    const all = [...kept, ...sent]
    checkCount(all)
    return { ...key, tags: all }
  })
}

export const UntagResource: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  const names = reader.texts('TagKeys', { max: 128 })
  if (!names) reader.refuse('TagKeys', null, 'Member must not be null')
  reader.check()
  const conditions = { 'aws:TagKeys': [...new Set(names)] }
  await changeKey(call, { action: 'kms:UntagResource', reference, conditions }, (key) => {
    checkNotPending(key)
    return { ...key, tags: key.tags.filter((tag) => !names?.includes(tag.key)) }
  })
}

export const ListResourceTags: KmsHandler = async (call) => {
  const reader = createInputReader(call.input)
  const reference = reader.neededText('KeyId', keyIdRule)
  const page = readPage(reader, { usual: 50, max: 50 })
  reader.check()
  const key = authoriseKey(call, { action: 'kms:ListResourceTags', reference })
  const sorted = key.tags.toSorted((a, b) => Number(a.key > b.key) - Number(a.key < b.key))
  const { items, end } = pageOf(sorted, (tag) => tag.key, page())
  return { Tags: items.map(wireTag), ...end }
}

/** @throws {KeyServiceError} TagException, LimitExceededException */
export function checkTags(tags: readonly KeyTag[]): void {
  if (new Set(tags.map(({ key }) => key)).size < tags.length)
    throw new KeyServiceError('TagException', 'Duplicate tag keys')
  if (tags.some(({ key }) => key.startsWith('aws:')))
    throw new KeyServiceError('TagException', 'Tags beginning with aws: are reserved')
  checkCount(tags)
}

function checkCount(tags: readonly KeyTag[]): void {
  if (tags.length > tagsMax) throw new KeyServiceError('LimitExceededException', `A key has at most ${tagsMax} tags.`)
}

export const tagConditions = (tags: readonly KeyTag[]): PolicyRequest['context'] => ({
  ...Object.fromEntries(tags.map(({ key, value }) => [`aws:RequestTag/${key}`, value])),
  'aws:TagKeys': tags.map(({ key }) => key),
})
