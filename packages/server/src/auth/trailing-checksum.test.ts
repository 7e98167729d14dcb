import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { trailingChecksums } from './trailing-checksum.ts'

describe('trailing checksums', () => {
  // The catalogue of parametrised CRC algorithms and FIPS 180 give these for the text 123456789.
  const checks = {
    'x-amz-checksum-crc32': Buffer.from('cbf43926', 'hex').toString('base64'),
    'x-amz-checksum-crc32c': Buffer.from('e3069283', 'hex').toString('base64'),
    'x-amz-checksum-crc64nvme': Buffer.from('ae8b14860a799888', 'hex').toString('base64'),
    'x-amz-checksum-sha1': Buffer.from('f7c3bc1d808e04732adf679965ccc34ca7ae3441', 'hex').toString('base64'),
    'x-amz-checksum-sha256': Buffer.from(
      '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
      'hex',
    ).toString('base64'),
  }
  for (const [name, expected] of Object.entries(checks))
    test(`${name}: the published value, in one piece or many`, () => {
      const [whole, pieces] = [trailingChecksums([name, 'x-other']), trailingChecksums(['x-other', name])]
      assert.deepEqual([whole.length, pieces.length, whole[0]!.trailer], [1, 1, name])
      whole[0]!.update(Buffer.from('123456789'))
      for (const digit of '123456789') pieces[0]!.update(Buffer.from(digit))
      assert.deepEqual([whole[0]!.value(), pieces[0]!.value()], [expected, expected])
    })
  test('an unknown algorithm is refused by name', () => {
    assert.throws(() => trailingChecksums(['x-amz-checksum-md5']), /must be one of x-amz-checksum-crc32, /)
  })
})
