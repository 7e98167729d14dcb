import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

/** @typedef {{ file: string, line: number, reason: string }} Offence */

/** Import and export statements, and `import('...')`. Comments are blanked before. */
const statement =
  /^\s*(?:import|export)\s+(?:type\s+)?(?:[\w$*]+(?:\s+as\s+[\w$]+)?\s*,?\s*)?(?:\{[^}]*\}\s*)?(?:from\s*)?(['"])(?<specifier>[^'"\n]+)\1/gm
const dynamicImport = /\bimport\(\s*(['"])(?<specifier>[^'"\n]+)\1/g

/** Which domain may use a driver: it is imported by its adapter alone. A package that is absent may be used by all. */
const driverHomes = {
  lmdb: ['buckets', 'control'],
  chdb: ['engine'],
  '@clickhouse/client': ['engine', 'history'],
  '@aws-sdk/client-s3': ['buckets'],
  pino: ['observability'],
  'prom-client': ['observability'],
  piscina: ['delivery', 'intake'],
  '@stricli/core': ['cli'],
}

/** Adapters are files named after a technology; the composition root chooses among them. */
const adapterFile = /^(segment|memory|lmdb|node|chdb|clickhouse|click-house|local|kafka|postgres|s3)-[a-z-]+\.ts$/

/** What is not shipped may use what it likes of its own package. */
const isTestFile = (path) => /\.(test|contract|testing)\.ts$/.test(path)

/** @param {string} root of the checkout @returns {{ offences: Offence[], files: number }} */
export function checkImports(root) {
  const files = readdirSync(join(root, 'packages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => sourceFiles(join(root, 'packages', entry.name, 'src')))
  const offences = files.flatMap((file) =>
    importsOf(readFileSync(file, 'utf8')).flatMap(({ line, specifier }) => {
      const reason = judge(relative(root, file).split(sep).join('/'), specifier, (target) =>
        relative(root, resolve(dirname(file), target))
          .split(sep)
          .join('/'),
      )
      return reason === undefined ? [] : [{ file: relative(root, file), line, reason }]
    }),
  )
  return { offences, files: files.length }
}

function sourceFiles(directory) {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|tsx|mts)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}

/** @param {string} text @returns {{ line: number, specifier: string }[]} */
export function importsOf(text) {
  // Same length and lines, so that places stay right. Line comments only from the line's start: a URL holds `//` too.
  const code = text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/^\s*\/\/.*$/gm, (comment) => ' '.repeat(comment.length))
  return [...code.matchAll(statement), ...code.matchAll(dynamicImport)].map((match) => ({
    // The line of the specifier: a statement may run over several.
    line: code.slice(0, match.index + match[0].length).split('\n').length,
    specifier: match.groups?.specifier ?? '',
  }))
}

/**
 * Why this import is against the rules, or undefined.
 * @param {string} file path in the checkout, with slashes @param {string} specifier
 * @param {(target: string) => string} resolveFrom path in the checkout of a relative specifier
 */
export function judge(file, specifier, resolveFrom) {
  const [, packageName = '', , domain = ''] = /^packages\/([^/]+)(\/src)\/(?:([^/]+)\/)?/.exec(file) ?? []
  const isTest = isTestFile(file)
  if (!specifier.startsWith('.')) return judgePackage(packageName, domain, specifier, isTest)
  const target = resolveFrom(specifier)
  const [, targetPackage = '', , targetDomain = '', rest = ''] =
    /^packages\/([^/]+)(\/src)\/(?:([^/]+)\/)?(.*)$/.exec(target) ?? []
  if (targetPackage !== packageName)
    return isTest ? undefined : `reaches into ${target}; import the package by its name`
  // Folders of the console are no domains: it is one program, made of pages.
  if (packageName === 'console') return undefined
  // The composition root names everything; within a domain files know one another.
  if (domain === '' || targetDomain === domain) return undefined
  if (targetDomain === '')
    return domain === 'cli' || isTest ? undefined : `only the command line imports the composition root (${target})`
  if (isTest) return undefined
  if (adapterFile.test(rest)) return `names the adapter ${target}; only the composition root does`
  if (rest !== 'index.ts') return `imports ${target}; a domain is imported through its index.ts`
  return undefined
}

function judgePackage(packageName, domain, specifier, isTest) {
  const isBuiltIn = specifier.startsWith('node:')
  if (packageName === 'core') {
    const pure = specifier === 'node:crypto' || specifier === 'node:buffer'
    if (isTest || pure) return undefined
    return isBuiltIn ? `core does no I/O, so not ${specifier}` : `core has no dependencies, so not ${specifier}`
  }
  if (packageName === 'console' && !isTest) return judgeConsole(specifier, isBuiltIn)
  if (isBuiltIn || isTest) return undefined
  if (specifier.startsWith('@opentrail/core')) {
    return /^@opentrail\/core\/[a-z]+$/.test(specifier)
      ? undefined
      : `${specifier}: import a domain, @opentrail/core/<domain>`
  }
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const homes = Object.hasOwn(driverHomes, name) ? driverHomes[name] : undefined
  if (packageName === 'server' && homes && domain !== '' && !homes.includes(domain))
    return `${name} is imported by its adapter alone (${homes.join(', ')})`
  return undefined
}

/** It runs in a browser and speaks to the public API: of ours it knows the API's shapes and the search language. */
function judgeConsole(specifier, isBuiltIn) {
  if (isBuiltIn) return `the console runs in a browser, which has no ${specifier}`
  const isOurs = specifier === 'opentrail' || specifier.startsWith('opentrail/') || specifier.startsWith('@opentrail/')
  if (!isOurs || ['@opentrail/core/api', '@opentrail/core/search'].includes(specifier)) return undefined
  return `the console knows @opentrail/core/api and @opentrail/core/search, not ${specifier}`
}
