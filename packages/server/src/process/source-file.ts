import { extname } from 'node:path'

/**
 * URL of a sibling module that a worker thread or child process is started from: `.js` in the built package, `.ts` where
 * the sources run directly. `base` is the caller's `import.meta.url`, `name` the file without its ending.
 */
export const siblingModule = (base: string, name: string): URL => new URL(name + extname(new URL(base).pathname), base)

/** Node.js options a child needs to resolve the workspace's packages the way this process does. */
export const childExecArgv = (): string[] => process.execArgv.filter((option) => option.startsWith('--conditions='))
