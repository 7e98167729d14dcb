import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

// `npm run bench`: every benchmark, one after the other; the last three are of the whole server and write bench/results/.
const benchmarks: Readonly<Record<string, readonly string[]>> = {
  sigv4: [],
  admission: [],
  selectors: [],
  merkle: ['300000'],
  journal: ['10'],
  postings: ['1000000', '1', '--merge'],
  search: ['1000000'],
  indexing: [],
  'delivery-content': ['50000'],
  buckets: [],
  s3: [],
  manifests: ['200000'],
  notifications: ['5000'],
  import: ['--files', '200'],
  spine: [],
  delivery: [],
  console: [],
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } },
})
const chosen = values.only ?? Object.keys(benchmarks)
const unknown = chosen.filter((name) => !(name in benchmarks))
if (values.help || unknown.length > 0) {
  const names = Object.keys(benchmarks).join(', ')
  console.log(`npm run bench -- [--only NAME]... [-- options of that benchmark]\nBenchmarks: ${names}`)
  process.exit(unknown.length > 0 ? 2 : 0)
}

let failed = false
for (const name of chosen) {
  console.log(`\n## ${name}\n`)
  const args = positionals.length > 0 ? positionals : benchmarks[name]!
  const program = join(import.meta.dirname, `${name}.ts`)
  const { status } = spawnSync(process.execPath, ['--conditions=opentrail-source', program, ...args], {
    stdio: 'inherit',
  })
  failed ||= status !== 0
}
process.exitCode = failed ? 1 : 0
