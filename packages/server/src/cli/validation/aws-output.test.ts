import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { createAwsOutput, type AwsCounts, type AwsOutput } from './aws-output.ts'

const range = { from: Date.parse('2026-03-04T00:00:00Z'), to: Date.parse('2026-03-05T00:00:00Z') }
const none = { valid: 0, invalid: 0 }
const counts = (parts: Partial<AwsCounts> = {}): AwsCounts => ({
  digests: none,
  backfillDigests: none,
  logFiles: none,
  ...parts,
})

function printed(isVerbose: boolean, print: (output: AwsOutput) => void): string {
  const parts: string[] = []
  const out = (text: string): void => void parts.push(text)
  print(createAwsOutput({ out, error: out }, { isVerbose }))
  return parts.join('')
}

describe('output in the words of aws cloudtrail validate-logs', () => {
  test('the first line is the trail and the range', () => {
    assert.equal(
      printed(false, (output) => output.begin('ARN', range)),
      'Validating log files for trail ARN between 2026-03-04T00:00:00Z and 2026-03-05T00:00:00Z\n\n',
    )
  })

  test('what is valid is told only when asked for', () => {
    const print = (output: AwsOutput): void => output.verdict({ status: 'valid', text: 'Log file\ts3://b/k\tvalid' })
    assert.equal(printed(false, print), '')
    assert.equal(printed(true, print), 'Log file\ts3://b/k\tvalid\n')
  })

  test('errors have a blank line on both sides and share it with one another', () => {
    const text = printed(true, (output) => {
      output.verdict({ status: 'valid', text: 'one' })
      output.verdict({ status: 'invalid', text: 'two' })
      output.gap(range.from, range.to, true)
      output.verdict({ status: 'valid', text: 'three' })
      output.end({ range, counts: counts() })
    })
    assert.equal(
      text,
      'one\n\ntwo\n\n(backfill) No log files were delivered by CloudTrail between 2026-03-04T00:00:00Z and 2026-03-05T00:00:00Z\n\n' +
        'three\n\nResults requested for 2026-03-04T00:00:00Z to 2026-03-05T00:00:00Z\nNo digests found\n',
    )
  })

  test('the summary has a ratio for each kind of which there is something', () => {
    const found = { from: range.from + 3_600_000, to: range.to }
    const digests = { valid: 2, invalid: 1 }
    const logFiles = { valid: 5, invalid: 0 }
    assert.equal(
      printed(false, (output) => output.end({ range, found, counts: counts({ digests, logFiles }) })),
      'Results requested for 2026-03-04T00:00:00Z to 2026-03-05T00:00:00Z\n' +
        'Results found for 2026-03-04T01:00:00Z to 2026-03-05T00:00:00Z:\n' +
        '\n2/3 digest files valid, 1/3 digest files INVALID\n5/5 log files valid\n',
    )
  })

  test('digests of which none is valid have no range', () => {
    const backfillDigests = { valid: 0, invalid: 1 }
    assert.match(
      printed(false, (output) => output.end({ range, counts: counts({ backfillDigests }) })),
      /\nNo valid digests found in range\n\n0\/1 backfill digest files valid, 1\/1 backfill digest files INVALID\n$/,
    )
  })
})
