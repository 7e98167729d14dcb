// Prints which tests failed, each with the beginning of its message, and the counts. Reads what vitest's JSON reporter wrote.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

const [path = ''] = process.argv.slice(2)
const results = JSON.parse(readFileSync(path, 'utf8'))
/** Of one test's failure: enough to know where to look. */
const messageCharsMax = 1_500
const failuresMax = 20

const escapes = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g')
const plain = (text) => text.replaceAll(escapes, '').slice(0, messageCharsMax)
const failures = results.testResults.flatMap(({ name, message, status, assertionResults }) => {
  const file = relative(process.cwd(), name)
  const failed = assertionResults.filter((test) => test.status === 'failed')
  if (failed.length === 0) return status === 'failed' ? [{ title: file, message }] : []
  return failed.map(({ fullName, failureMessages }) => ({
    title: `${file} > ${fullName}`,
    message: failureMessages.join('\n'),
  }))
})
for (const { title, message } of failures.slice(0, failuresMax)) console.log(`FAILED ${title}\n${plain(message)}\n`)
if (failures.length > failuresMax) console.log(`and ${failures.length - failuresMax} more\n`)
const { numPassedTests, numFailedTests, numPendingTests } = results
console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`)
