import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { RemoteBuckets } from './configuration.ts'
import type { BucketsEntry, SecretPlace } from './remote-buckets-setting.ts'
import { createSecret, type Secret } from './secret.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A secret key has 40 letters; a file larger than this holds something else. */
const secretBytesMax = 4_096

/** Fetches the secret keys that stand in files and variables; a missing one is told now and not by the first delivery. */
export function withSecrets(
  entries: readonly BucketsEntry[],
  environment: Environment,
  complain: (message: string) => void,
): RemoteBuckets[] {
  return entries.map(({ accessKeyId, secretPlace, sessionToken, ...entry }, index) => {
    const secretAccessKey = secretFrom(secretPlace, environment, (message) =>
      complain(`entry ${index + 1} ("${entry.name}") ${message}`),
    )
    return { ...entry, credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } }
  })
}

/** The secret that stands in its place. What `complain` is told goes on "... has its secret key in ...". */
export function secretFrom(place: SecretPlace, environment: Environment, complain: (message: string) => void): Secret {
  if (place.kind === 'value') return place.secret
  let text: string | undefined
  if (place.kind === 'environment') {
    text = environment[place.variable]
    if (!text) complain(`has its secret key in the variable ${place.variable}, which is not set`)
  } else {
    text = readSecret(place.path, complain)
  }
  const secret = text?.trim() ?? ''
  if (text && !/^[\x21-\x7e]+$/.test(secret)) complain('has a secret key that is empty or more than one line of text')
  return createSecret(secret)
}

function readSecret(path: string, complain: (message: string) => void): string | undefined {
  try {
    const bytes = readFileSync(resolve(path))
    if (bytes.length > secretBytesMax) throw new Error(`larger than ${secretBytesMax} bytes`)
    if (bytes.length === 0) throw new Error('empty')
    return bytes.toString('utf8')
  } catch (error) {
    complain(`has its secret key in ${path}, which cannot be read: ${(error as Error).message}`)
    return undefined
  }
}
