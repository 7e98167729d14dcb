// Imports point one way (docs/architecture.md, "Layout"). Prints each offending line as file:line and fails if there is one.
import { fileURLToPath } from 'node:url'
import { checkImports } from './lib/imports.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { offences, files } = checkImports(root)
for (const { file, line, reason } of offences) console.error(`${file}:${line}: ${reason}`)
if (files === 0) console.error('no source files were found; the check looked in the wrong place')
console.log(`imports: ${files} files, ${offences.length} against the rules`)
process.exitCode = offences.length > 0 || files === 0 ? 1 : 0
