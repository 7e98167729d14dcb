import { createHash } from 'node:crypto'

const embedded = /url\((['"]?)data:font\/woff2;base64,([A-Za-z0-9+/=]+)\1\)/g

/**
 * Cloudscape's style sheet carries eight fonts as data URLs. As files of their own they are fetched when a text needs one, are kept by the
 * browser, and the content policy need not allow fonts from data.
 * @returns {import('vite').Plugin}
 */
export function extractFonts() {
  return {
    name: 'extract-fonts',
    apply: 'build',
    generateBundle(_options, bundle) {
      for (const asset of Object.values(bundle)) {
        if (asset.type !== 'asset' || !asset.fileName.endsWith('.css')) continue
        const css = typeof asset.source === 'string' ? asset.source : Buffer.from(asset.source).toString('utf8')
        asset.source = css.replace(embedded, (_all, _quote, base64) => {
          const font = Buffer.from(base64, 'base64')
          const fileName = `assets/font-${createHash('sha256').update(font).digest('hex').slice(0, 12)}.woff2`
          this.emitFile({ type: 'asset', fileName, source: font })
          return `url(./${fileName.slice('assets/'.length)})`
        })
      }
    },
  }
}
