import assert from 'node:assert/strict'
import { test } from 'vitest'
import { ApiError } from '../api-error/index.ts'
import { inputMember } from './operation-input.ts'

test('members of the right type, absent ones and null', () => {
  const input = { S: 's', B: false, I: 3, T: 1.5, L: ['a'], N: null, O: { x: 1 }, P: [{}] }
  assert.equal(inputMember.string(input, 'S'), 's')
  assert.equal(inputMember.boolean(input, 'B'), false)
  assert.equal(inputMember.integer(input, 'I'), 3)
  assert.equal(inputMember.timestamp(input, 'T'), 1.5)
  assert.deepEqual(inputMember.strings(input, 'L'), ['a'])
  assert.deepEqual(inputMember.structure(input, 'O'), { x: 1 })
  assert.deepEqual(inputMember.structures(input, 'P'), [{}])
  for (const read of Object.values(inputMember)) {
    assert.equal(read(input, 'N'), undefined)
    assert.equal(read(input, 'toString'), undefined)
  }
})

const refusal = (read: () => unknown): string => {
  try {
    return `accepted ${String(read())}`
  } catch (error) {
    return error instanceof ApiError ? `${error.code} ${error.message}` : String(error)
  }
}

test('another JSON type is a SerializationException that names the member', () => {
  assert.match(
    refusal(() => inputMember.string({ A: 1 }, 'A')),
    /^SerializationException A: NUMBER_VALUE can not be converted to a String$/,
  )
  assert.match(
    refusal(() => inputMember.integer({ A: 1.5 }, 'A')),
    /Integer/,
  )
  assert.match(
    refusal(() => inputMember.integer({ A: '1' }, 'A')),
    /^SerializationException A: STRING_VALUE/,
  )
  assert.match(
    refusal(() => inputMember.boolean({ A: 'true' }, 'A')),
    /Boolean/,
  )
  assert.match(
    refusal(() => inputMember.timestamp({ A: '2026-01-01' }, 'A')),
    /Timestamp/,
  )
  assert.match(
    refusal(() => inputMember.strings({ A: ['x', {}] }, 'A')),
    /^SerializationException A\[1\]: STRUCTURE_VALUE/,
  )
  assert.match(
    refusal(() => inputMember.list({ A: {} }, 'A')),
    /STRUCTURE_VALUE can not be converted to a List/,
  )
  assert.match(
    refusal(() => inputMember.structure({ A: [] }, 'A')),
    /LIST_VALUE/,
  )
})
