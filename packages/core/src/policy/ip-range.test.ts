import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import fc from 'fast-check'
import { test } from 'vitest'
import { inIpRange as inRange, isAddress, parseIpRange } from './ip-range.ts'

const isIpRange = (text: string): boolean => parseIpRange(text) !== undefined
const inIpRange = (address: string, range: string): boolean => inRange(parseIpRange(address)!, parseIpRange(range)!)

test('ranges agree with those of Node', () => {
  const range = fc.oneof(
    fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.ipV4(), fc.constant('ipv4' as const)),
    fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }), fc.ipV6(), fc.constant('ipv6' as const)),
  )
  fc.assert(
    fc.property(range, fc.boolean(), ([base, prefix, other, family], same) => {
      const list = new BlockList()
      list.addSubnet(base, prefix, family)
      const address = same ? base : other
      assert.equal(inIpRange(address, `${base}/${prefix}`), list.check(address, family), `${address} ${base}/${prefix}`)
    }),
    { numRuns: 1_000 },
  )
})

test('an IPv4 address written as IPv6 is an IPv4 address', () => {
  assert.ok(inIpRange('::ffff:203.0.113.9', '203.0.113.0/24'))
  assert.ok(inIpRange('203.0.113.9', '::ffff:203.0.113.0/120'))
  assert.ok(!inIpRange('203.0.113.9', '::/0'), 'the families are apart')
  assert.ok(!inIpRange('::1', '0.0.0.0/0'))
})

test('an address is told from a range', () => {
  for (const text of ['10.0.0.1', '::1', '10.0.0.1/32', '::ffff:10.0.0.1'])
    assert.ok(isAddress(parseIpRange(text)!), text)
  for (const text of ['10.0.0.0/8', '::/127']) assert.ok(!isAddress(parseIpRange(text)!), text)
})

test('what is no address or range is neither', () => {
  const invalid = [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4/33',
    '1.2.3.4/',
    '1.2.3.4/08',
    '1.2.3.4/-1',
  ]
  invalid.push(
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8:9',
    '::g',
    '::12345',
    '::/129',
  )
  invalid.push('1.2.3.4::', '::1%eth0', '1:2:3:4:5:6:7:1.2.3.4', ' 1.2.3.4', `::${'0'.repeat(60)}`)
  for (const text of invalid) assert.ok(!isIpRange(text), text)
  for (const text of ['0.0.0.0/0', '::', '::/0', '1::', '::1', '1:2:3:4:5:6:7::', '1:2:3:4:5:6:1.2.3.4'])
    assert.ok(isIpRange(text), text)
})
