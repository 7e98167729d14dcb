import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { fileURLToPath } from 'node:url'
import { dirname, posix } from 'node:path'
import { checkImports, importsOf, judge } from '../scripts/lib/imports.mjs'

test('imports point one way', () => {
  const { offences, files } = checkImports(fileURLToPath(new URL('..', import.meta.url)))
  assert.deepEqual(
    offences.map(({ file, line, reason }) => `${file}:${line}: ${reason}`),
    [],
  )
  assert.ok(files > 50, `only ${files} files were looked at`)
})

const verdict = (file: string, specifier: string) =>
  judge(file, specifier, (target) => posix.join(dirname(file), target))

describe('the rules', () => {
  test.for([
    ['packages/core/src/event/admit.ts', 'zod'],
    ['packages/core/src/event/admit.ts', 'node:fs'],
    ['packages/core/src/event/admit.ts', 'opentrail'],
    ['packages/core/src/event/admit.ts', '../merkle/frontier.ts'],
    ['packages/server/src/journal/journal.ts', '../control/control-store.ts'],
    ['packages/server/src/journal/journal.ts', '../control/lmdb-control-store.ts'],
    ['packages/server/src/journal/journal.ts', '../main.ts'],
    ['packages/server/src/journal/journal.ts', '../../../core/src/event/index.ts'],
    ['packages/server/src/journal/journal.ts', '@opentrail/core/event/admit'],
    ['packages/server/src/journal/journal.ts', 'lmdb'],
    ['packages/server/src/history/reader.ts', 'chdb'],
    ['packages/console/src/auth/sign.ts', 'node:crypto'],
    ['packages/console/src/auth/sign.ts', 'opentrail'],
    ['packages/console/src/auth/sign.ts', '@opentrail/core/merkle'],
    ['packages/console/src/auth/sign.ts', '../../../server/src/auth/index.ts'],
  ] as const)('%s must not import %s', ([file, specifier]) => {
    assert.equal(typeof verdict(file, specifier), 'string')
  })

  test.for([
    ['packages/core/src/event/admit.ts', 'node:crypto'],
    ['packages/core/src/event/admit.ts', './identifiers.ts'],
    ['packages/core/src/event/admit.ts', '../merkle/index.ts'],
    ['packages/core/src/event/admit.test.ts', 'fast-check'],
    ['packages/server/src/main.ts', './control/lmdb-control-store.ts'],
    ['packages/server/src/control/lmdb-control-store.ts', 'lmdb'],
    ['packages/server/src/journal/journal.ts', '../control/index.ts'],
    ['packages/server/src/journal/journal.ts', '@opentrail/core/event'],
    ['packages/server/src/cli/commands/start.ts', '../../main.ts'],
    ['packages/server/src/cli/commands/start.ts', '../context.ts'],
    ['packages/console/src/api/client.ts', '@opentrail/core/api'],
    ['packages/console/src/pages/history/history-page.tsx', '../../shell/settings.ts'],
    ['packages/console/src/auth/sign.test.ts', '../../../server/src/auth/index.ts'],
  ] as const)('%s may import %s', ([file, specifier]) => {
    assert.equal(verdict(file, specifier), undefined)
  })
})

test('an import is found wherever it stands, with its line', () => {
  const text = [
    "import { a } from './a.ts'",
    "// import { no } from './comment.ts'",
    'import {',
    '  b,',
    "} from './b.ts'",
    "/* import './block.ts' */ const text = 'missing from here'",
    "export * from './c.ts'",
    "export { type D } from './d.ts'",
    "const lazy = () => import('./e.ts')",
    "import './f.ts'",
    "import type * as g from './g.ts'",
  ].join('\n')
  assert.deepEqual(
    importsOf(text)
      .map(({ line, specifier }) => `${line} ${specifier}`)
      .toSorted(),
    ['1 ./a.ts', '10 ./f.ts', '11 ./g.ts', '5 ./b.ts', '7 ./c.ts', '8 ./d.ts', '9 ./e.ts'],
  )
})
