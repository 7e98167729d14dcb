import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExportTree } from './export-tree.ts'

const manifestName = '%manifest.jsonl'

/** Which file belongs to which key, where the path does not say so. */
export interface ExportManifest {
  add(key: string, segments: readonly string[]): void
  /** Adds to what earlier exports into this directory wrote. Without any such key there is no manifest. */
  write(tree: ExportTree): Promise<void>
}

/** @throws {Error} an existing manifest is damaged. */
export async function openExportManifest(directory: string): Promise<ExportManifest> {
  const path = join(directory, manifestName)
  const paths = new Map<string, string>(parse(path, await readFile(path, 'utf8').catch(absentAsEmpty)))
  let isChanged = false
  return {
    add(key, segments) {
      const natural = segments.join('/')
      if (natural === key || paths.get(key) === natural) return
      paths.set(key, natural)
      isChanged = true
    },
    async write(tree) {
      if (!isChanged) return
      const lines = [...paths]
        .map(([key, path]) => `${JSON.stringify({ key, path })}\n`)
        .sort()
        .join('')
      await tree.write(path, Buffer.from(lines))
    },
  }
}

function* parse(path: string, text: string): Generator<[string, string]> {
  for (const line of text.split('\n').filter(Boolean))
    try {
      const entry = JSON.parse(line) as { key: string; path: string }
      yield [entry.key, entry.path]
    } catch (cause) {
      throw new Error(`${path} is damaged; remove it, and the export writes it anew`, { cause })
    }
}

function absentAsEmpty(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  throw error
}
