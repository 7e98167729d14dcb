import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Where data goes when nobody says so. A checkout keeps its own (`.data`, removed with it, never mixed with another
 * checkout's); an installed package uses the user's data directory.
 */
export function defaultDataDirectory(
  environment: Readonly<Record<string, string | undefined>>,
  checkout: string | undefined,
): string {
  if (checkout !== undefined) return join(checkout, '.data')
  const base = environment['XDG_DATA_HOME'] || join(environment['HOME'] || homedir(), '.local', 'share')
  return join(base, 'opentrail')
}

/** The root of the checkout this code runs from; undefined when it is installed as a package. */
export function checkoutDirectory(): string | undefined {
  // src/config or dist/config, in packages/server
  const root = dirname(dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url))))))
  const manifest = join(root, 'package.json')
  if (!existsSync(manifest) || !existsSync(join(root, 'scripts', 'run.mjs'))) return undefined
  const { name } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }
  return name === 'opentrail-workspace' ? root : undefined
}
