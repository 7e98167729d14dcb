import assert from 'node:assert/strict'
import { test } from 'vitest'
import { planSettings } from './plan-settings.ts'
import type { TrailSettings } from './trail.ts'

const bucket = 'audit-logs'
function prefixes(keyPrefix: string | undefined, current?: TrailSettings) {
  const planned = planSettings({ bucket, keyPrefix }, current)
  assert.ok(planned.ok)
  return planned.settings
}

test('slashes at the ends of a key prefix stay in answers and are left out of keys', () => {
  for (const sent of ['/logs', 'logs/', '/logs/']) {
    const { keyPrefix, sentKeyPrefix } = prefixes(sent)
    assert.deepEqual([keyPrefix, sentKeyPrefix], ['logs', sent])
  }
  const { keyPrefix, sentKeyPrefix } = prefixes('/')
  assert.deepEqual([keyPrefix, sentKeyPrefix], [undefined, '/'])
  assert.equal('sentKeyPrefix' in prefixes('logs'), false)
})

test('they stay until another prefix is sent', () => {
  const current = prefixes('/logs/')
  assert.deepEqual(prefixes(undefined, current), current)
  assert.deepEqual(prefixes('logs', current), prefixes('logs'))
  assert.deepEqual(prefixes('', current), prefixes(undefined))
})
