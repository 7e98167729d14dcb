import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'vitest'
import type { Envelope } from './envelope.ts'
import { envelopeJson } from './envelope-json.ts'

test('an envelope is written as JSON.stringify would, whatever its texts hold', () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 })
  const envelope = fc.record({
    version: fc.constant(1 as const),
    configVersion: fc.nat(),
    origin: fc.constantFrom('self', 'gateway', 'producer', 'import', 'derived'),
    principal: text,
    event: fc.record(
      {
        eventId: text,
        eventTime: fc.integer({ min: 0, max: 4e12 }),
        eventSource: text,
        eventName: text,
        category: text,
        readOnly: fc.boolean(),
        username: text,
        accessKeyId: text,
        resources: fc.array(fc.record({ type: text, name: text }, { requiredKeys: ['name'] }), { maxLength: 3 }),
      },
      { requiredKeys: ['eventId', 'eventTime', 'eventSource', 'eventName', 'category', 'resources'] },
    ),
  })
  fc.assert(
    fc.property(envelope, fc.boolean(), (plain, idFromKey) => {
      const whole = (idFromKey ? { ...plain, idFromKey } : plain) as Envelope
      assert.deepEqual(JSON.parse(envelopeJson(whole)), JSON.parse(JSON.stringify(whole)))
      assert.equal(envelopeJson(whole).length, JSON.stringify(whole).length)
    }),
  )
})
