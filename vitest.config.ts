import { defineConfig } from 'vitest/config'

// Tests run on the sources: the packages' own `opentrail-source` export condition, so that nothing has to be built first.
export default defineConfig({
  resolve: { conditions: ['opentrail-source', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['opentrail-source', 'node', 'import', 'default'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    // Far above what any needs: a machine may be busy, and a test that hangs is still found.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    execArgv: ['--conditions=opentrail-source'],
  },
})
