import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExportTree } from './export-tree.ts'

const manifestName = '%manifest.jsonl'

type Metadata = Readonly<Record<string, string>>

/** What a plain file cannot say of its object: which key it has, where the path does not tell, and its user metadata. */
interface ManifestEntry {
  readonly key: string
  readonly path: string
  readonly metadata?: Metadata
}

/** Entries for the keys that need one. */
export interface ExportManifest {
  /** `metadata`: of an object that was written just now; undefined: what is known of it stays. */
  add(key: string, segments: readonly string[], metadata?: Metadata): void
  /** Adds to what earlier exports into this directory wrote. Without any such key there is no manifest. */
  write(tree: ExportTree): Promise<void>
}

/** @throws {Error} an existing manifest is damaged. */
export async function openExportManifest(directory: string): Promise<ExportManifest> {
  const path = join(directory, manifestName)
  const entries = new Map<string, ManifestEntry>()
  for (const entry of parseExportManifest(path, await readFile(path, 'utf8').catch(absentAsEmpty)))
    entries.set(entry.key, entry)
  let isChanged = false
  return {
    add(key, segments, written) {
      const natural = segments.join('/')
      const known = entries.get(key)
      const metadata = written ?? known?.metadata ?? {}
      const hasMetadata = Object.keys(metadata).length > 0
      if (natural === key && !hasMetadata) return
      const entry = { key, path: natural, ...(hasMetadata && { metadata }) }
      if (JSON.stringify(known) === JSON.stringify(entry)) return
      entries.set(key, entry)
      isChanged = true
    },
    async write(tree) {
      if (!isChanged) return
      const lines = [...entries.values()]
        .map((entry) => `${JSON.stringify(entry)}\n`)
        .sort()
        .join('')
      await tree.write(path, Buffer.from(lines))
    },
  }
}

/** The entries of a manifest's text. Untrusted where the directory came from somebody else. @throws {Error} it is damaged. */
export function* parseExportManifest(path: string, text: string): Generator<ManifestEntry> {
  for (const line of text.split('\n').filter(Boolean)) yield parseLine(path, line)
}

function parseLine(path: string, line: string): ManifestEntry {
  try {
    const { key, path: file, metadata } = JSON.parse(line) as Record<string, unknown>
    if (typeof key !== 'string' || typeof file !== 'string') throw new Error('a line has no key or path')
    if (metadata === undefined) return { key, path: file }
    if (!isMetadata(metadata)) throw new Error('the metadata of a line are no texts')
    return { key, path: file, metadata }
  } catch (cause) {
    throw new Error(`${path} is damaged; remove it, and the export writes it anew`, { cause })
  }
}

const isMetadata = (value: unknown): value is Metadata =>
  value instanceof Object && !Array.isArray(value) && Object.values(value).every((each) => typeof each === 'string')

function absentAsEmpty(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  throw error
}
