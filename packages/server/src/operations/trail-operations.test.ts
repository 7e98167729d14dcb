import assert from 'node:assert/strict'
import { test } from 'vitest'
import { systemRandom } from '../clock/index.ts'
import { builtOperations, cloudTrailOperations, createOperationRegistry } from './registry.ts'
import { createTrailOperations } from './trail-operations.ts'

const operations = createTrailOperations({ random: systemRandom })

test('are what the documentation calls built, with the action and roles of the table', () => {
  createOperationRegistry(operations)
  const names = [...operations.map(({ name }) => name), 'LookupEvents', 'ListPublicKeys']
  assert.deepEqual(names.toSorted(), [...builtOperations].toSorted())
  for (const { name, action, readOnly, roles } of operations) {
    const entry = cloudTrailOperations.find((each) => each.name === name)
    assert.deepEqual(
      { action, readOnly, roles },
      { action: entry?.action, readOnly: entry?.readOnly, roles: entry?.roles },
    )
  }
})
