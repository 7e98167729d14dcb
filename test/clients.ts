import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
/** Where `scripts/install-clients.mjs` puts the AWS CLI and boto3. */
const pythonBin = join(root, '.tools/python/bin')

/** PATH on which the project's own clients come first. */
export const clientPath = (): string =>
  [pythonBin, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter)

const runs = (command: string, args: string[]): boolean =>
  spawnSync(command, args, { env: { ...process.env, PATH: clientPath() }, stdio: 'ignore' }).status === 0

export const hasAwsCli = (): boolean =>
  existsSync(join(pythonBin, 'aws')) && runs(join(pythonBin, 'aws'), ['--version'])
export const hasBoto3 = (): boolean =>
  existsSync(join(pythonBin, 'python')) && runs(join(pythonBin, 'python'), ['-c', 'import boto3'])
export const pythonPath = join(pythonBin, 'python')
export const awsPath = join(pythonBin, 'aws')
