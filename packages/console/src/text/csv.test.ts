import assert from 'node:assert/strict'
import { test } from 'vitest'
import { csvRow } from './csv.ts'

test('a row says what it says, whatever stands in it', () => {
  assert.equal(csvRow(['a', '', 'b,c', 'say "hi"', 'two\nlines']), 'a,,"b,c","say ""hi""","two\nlines"\r\n')
})

test('no spreadsheet runs what an event brought', () => {
  for (const formula of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '%0A', "|cmd '/c calc'!A1"])
    assert.match(csvRow([formula]), /^"?'/, formula)
  assert.equal(csvRow(['=HYPERLINK("http://x","y")']), `"'=HYPERLINK(""http://x"",""y"")"\r\n`)
  assert.equal(csvRow(['a=1', 'arn:aws:iam::1:user/x']), 'a=1,arn:aws:iam::1:user/x\r\n')
})
