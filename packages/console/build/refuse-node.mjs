/**
 * Modules of Node.js that the search language's own domain names are left out with what needs them. One that is used all the same would
 * break the page when it is opened: the build fails instead.
 * @returns {import('vite').Plugin}
 */
export function refuseNode() {
  return {
    name: 'refuse-node',
    apply: 'build',
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        const used = [...chunk.imports, ...chunk.dynamicImports].find((name) => name.startsWith('node:'))
        if (used !== undefined) this.error(`${chunk.fileName} uses ${used}, which browsers do not have`)
      }
    },
  }
}
