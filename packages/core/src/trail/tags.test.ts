import assert from 'node:assert/strict'
import { test } from 'vitest'
import { readTaggableResource } from './taggable-resource.ts'
import { addTags, readTagKeys, readTags, removeTags, type SentTag } from './tags.ts'

const kindOf = (read: { ok: true } | { ok: false; kind: string }) => (read.ok ? 'ok' : read.kind)
const numbered = (count: number, prefix = 'k') =>
  Array.from({ length: count }, (_, index) => ({ key: `${prefix}${index}` }))

test('keys and values keep to the characters and lengths that AWS allows', () => {
  const accepted: SentTag[] = [
    { key: 'a' },
    { key: 'a', value: '' },
    { key: 'Ärger 日本 1_.:/=+-@', value: 'Ärger 日本 1_.:/=+-@' },
    { key: '𝒳'.repeat(128), value: 'v'.repeat(256) },
    { key: 'awsome', value: 'aws:x' },
  ]
  for (const tag of accepted) assert.deepEqual(readTags([tag]), { ok: true, tags: [tag] })
  const refused: SentTag[] = [
    {},
    { value: 'v' },
    { key: '' },
    { key: 'k'.repeat(129) },
    { key: 'k', value: 'v'.repeat(257) },
    { key: 'a,b' },
    { key: 'k', value: '<' },
    { key: 'aws:x' },
    { key: 'AWS:x' },
  ]
  for (const tag of refused) assert.equal(kindOf(readTags([tag])), 'invalid-tag', JSON.stringify(tag))
})

test('a request has no key twice and not more than 50 tags', () => {
  assert.equal(
    kindOf(
      readTags([
        { key: 'a', value: '1' },
        { key: 'a', value: '1' },
      ]),
    ),
    'invalid-tag',
  )
  assert.equal(kindOf(readTags([{ key: 'a' }, { key: 'A' }])), 'ok')
  assert.equal(kindOf(readTags(numbered(50))), 'ok')
  assert.equal(kindOf(readTags(numbered(51))), 'too-many-tags')
  assert.equal(kindOf(readTags(numbered(201).map(() => ({})))), 'too-many-tags')
})

test('added tags replace those of the same key; more than 50 on one resource are refused', () => {
  const current = [{ key: 'a', value: '1' }, { key: 'b' }]
  assert.deepEqual(addTags(current, [{ key: 'c' }, { key: 'a' }]), {
    ok: true,
    tags: [{ key: 'a' }, { key: 'b' }, { key: 'c' }],
  })
  assert.equal(kindOf(addTags(numbered(50), numbered(50))), 'ok')
  assert.equal(kindOf(addTags(numbered(50), numbered(1, 'other'))), 'too-many-tags')
})

test('tags go by key alone; keys that are not there are ignored', () => {
  const read = readTagKeys([{ key: 'a', value: 'other' }, { key: 'a' }, { key: 'aws:x' }])
  assert.ok(read.ok)
  assert.deepEqual(removeTags([{ key: 'a', value: '1' }, { key: 'b' }], read.keys), [{ key: 'b' }])
  for (const sent of [[{}], [{ key: '' }], [{ value: 'a' }], numbered(201)])
    assert.equal(kindOf(readTagKeys(sent)), 'invalid-tag')
})

test('only trails are tagged; each other resource has the error of its kind', () => {
  const id = '11111111-2222-3333-4444-555555555555'
  const own = (resource: string) => `arn:aws:cloudtrail:us-east-1:111122223333:${resource}`
  const kinds: [string | undefined, string][] = [
    [own('trail/audit'), 'ok'],
    [own('trail/a'), 'invalid-arn'],
    ['audit', 'invalid-arn'],
    ['', 'invalid-arn'],
    [undefined, 'invalid-arn'],
    ['arn:aws:cloudtrail', 'invalid-arn'],
    [own('something/else'), 'invalid-arn'],
    [own(`eventdatastore/${id}`), 'unknown-store'],
    [own('eventdatastore/x'), 'invalid-store-arn'],
    [`arn:aws:cloudtrail:us-east-1::eventdatastore/${id}`, 'invalid-store-arn'],
    [`arn:aws:cloudtrail::111122223333:channel/${id}`, 'invalid-channel-arn'],
    [own(`channel/${id}`), 'unknown-channel'],
    [own('channel/'), 'invalid-channel-arn'],
    [own('dashboard/my-dashboard'), 'unknown-resource'],
    [own('dashboard/x y'), 'invalid-arn'],
    ['arn:aws:s3:::audit-logs', 'untaggable-resource'],
    ['arn:aws:ec2:us-east-1:111122223333:instance/i-1', 'untaggable-resource'],
    [`arn:aws:s3:::${'x'.repeat(1_000_000)}`, 'untaggable-resource'],
  ]
  for (const [arn, kind] of kinds) {
    const read = readTaggableResource(arn)
    assert.equal(kindOf(read), kind, arn?.slice(0, 99))
    if (!read.ok) assert.ok(read.message.length < 300)
  }
})
