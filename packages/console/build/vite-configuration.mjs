import { extractFonts } from './extract-fonts.mjs'
import { refuseNode } from './refuse-node.mjs'

/** @param {string} home of the package @returns {import('vite').InlineConfig} */
export const viteConfiguration = (home) => ({
  root: home,
  configFile: false,
  base: '/console/',
  logLevel: 'warn',
  // The rules that are shared with the server come from their sources: no other build has to run before.
  resolve: { conditions: ['opentrail-source', 'module', 'browser', 'import', 'default'] },
  plugins: [extractFonts(), refuseNode()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // As data URLs they would be part of every first page, and the content policy would have to allow them.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2_000,
    rolldownOptions: {
      external: /^node:/,
      // Cloudscape marks its files for servers that render React, which there is none of here.
      onLog: (level, log, next) => (log.code === 'MODULE_LEVEL_DIRECTIVE' ? undefined : next(level, log)),
    },
    license: { fileName: 'licenses.md' },
  },
})
