import { readFileSync } from 'node:fs'
import { print, printJson, type CliContext } from '../context.ts'
import type { FormatFlags } from '../flags.ts'

export type VersionFlags = FormatFlags

export const packageVersion = (): string => {
  const manifest = new URL('../../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}

export async function version(this: CliContext, flags: VersionFlags): Promise<void> {
  const versions = { opentrail: packageVersion(), node: process.versions.node, platform: process.platform }
  if (flags.format === 'json') printJson(this, versions)
  else print(this, `opentrail ${versions.opentrail} (Node.js ${versions.node}, ${versions.platform} ${process.arch})`)
}
