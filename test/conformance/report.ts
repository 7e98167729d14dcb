/**
 * Runs versitygw's tests of S3 and writes down what came out: `s3-passing.txt`, which the tests of this project hold us to, and
 * `s3-failing.txt` with what each of the others says. Prints how many fail for which kind of reason.
 * Run: node --conditions=opentrail-source test/conformance/report.ts [name...]
 */
import { writeFileSync } from 'node:fs'
import { kindsOfFailure, runTests, testNames, type Outcome } from './versitygw.ts'

/** As many servers at a time. */
const lanes = 3

const chosen = process.argv.slice(2)
const names = chosen.length > 0 ? chosen : testNames()
const outcomes = await runTests(names, {
  lanes,
  done: ({ name, isPassed, reason }) => console.log(`${isPassed ? 'pass' : 'FAIL'} ${name} ${reason}`),
})
const passed = outcomes.filter(({ isPassed }) => isPassed)
const failed = outcomes.filter(({ isPassed }) => !isPassed)
console.log(`${passed.length} of ${outcomes.length} pass`)
const kindOf = ({ name, reason }: Outcome): string =>
  kindsOfFailure.find(([, pattern]) => pattern.test(`${name}\t${reason}`))?.[0] ?? 'something else'
for (const [kind, found] of Map.groupBy(failed, kindOf)) console.log(`${found.length} ${kind}`)

function write(file: string, lines: readonly string[]): void {
  writeFileSync(new URL(file, import.meta.url), lines.map((line) => `${line}\n`).join(''))
}
if (chosen.length === 0) {
  // A tidy one costs a fifth of a second, another one a server.
  write(
    's3-passing.txt',
    passed.map(({ name, isTidy }) => (isTidy ? name : `${name} untidy`)),
  )
  write(
    's3-failing.txt',
    failed.map((outcome) => `${outcome.name}\t${kindOf(outcome)}\t${outcome.reason}`),
  )
}
