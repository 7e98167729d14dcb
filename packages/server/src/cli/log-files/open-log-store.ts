import { readFileSync } from 'node:fs'
import { parseLocation } from '../bucket-location.ts'
import { misuse } from '../command-error.ts'
import { environmentCredentials, type Credentials } from '../connection.ts'
import type { CliContext } from '../context.ts'
import { textFlag } from '../flags.ts'
import { openDirectoryLogStore } from './directory-log-store.ts'
import type { LogStore } from './log-store.ts'
import { openS3LogStore } from './s3-log-store.ts'

export interface S3Flags {
  readonly s3Endpoint?: string
  readonly s3Region?: string
  readonly s3Credentials?: string
}

export const s3Flags = {
  s3Endpoint: textFlag(
    'S3 server of s3:// places, or "aws"; without it AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS',
    'URL',
  ),
  s3Region: textFlag('Region of that S3 server', 'NAME'),
  s3Credentials: textFlag('Credentials for it, as "aws configure export-credentials" prints them', 'FILE'),
} as const

/**
 * The log files at a path or at `s3://bucket/prefix`. Buckets are read with the credentials of the environment, or of a file.
 * @throws {CommandError} the place cannot be one. @throws {SourceError} it is not there.
 */
export async function openLogStore(context: CliContext, flags: S3Flags, place: string): Promise<LogStore> {
  if (!/^s3:/i.test(place)) return openDirectoryLogStore(place)
  const location = parseLocation(place)
  const { environment } = context
  const credentials =
    flags.s3Credentials === undefined ? environmentCredentials(context) : readCredentials(flags.s3Credentials)
  if (!credentials)
    throw misuse(
      `no credentials for ${place}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (for example: eval "$(aws configure export-credentials --format env)")`,
    )
  const endpoint = s3EndpointOf(context, flags)
  const region = flags.s3Region ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? 'us-east-1'
  return openS3LogStore(location, {
    region,
    credentials,
    now: context.now,
    ...(endpoint !== undefined && { endpoint }),
  })
}

/**
 * Of s3:// places; undefined: AWS. With credentials of their own they have nothing to do with the server that AWS_ENDPOINT_URL
 * names. @throws {CommandError}
 */
export function s3EndpointOf({ environment }: CliContext, flags: S3Flags): string | undefined {
  const general = flags.s3Credentials === undefined ? environment['AWS_ENDPOINT_URL'] : undefined
  const endpoint = flags.s3Endpoint ?? (environment['AWS_ENDPOINT_URL_S3'] || general || 'aws')
  if (endpoint === 'aws') return undefined
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))
    throw misuse(`"${endpoint}" is no endpoint; write for example https://minio.example.org:9000, or aws`)
  return endpoint
}

/** @throws {CommandError} */
function readCredentials(path: string): Credentials {
  try {
    const { AccessKeyId, SecretAccessKey, SessionToken } = JSON.parse(readFileSync(path, 'utf8')) as Record<
      string,
      unknown
    >
    if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string')
      throw new Error('it holds no AccessKeyId and SecretAccessKey')
    const sessionToken = typeof SessionToken === 'string' && SessionToken !== '' ? { sessionToken: SessionToken } : {}
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, ...sessionToken }
  } catch (cause) {
    // The text of a JSON error has a part of what was read, which is a secret here.
    const reason =
      cause instanceof SyntaxError ? 'it is no JSON' : cause instanceof Error ? cause.message : String(cause)
    throw misuse(`the credentials in ${path} cannot be read: ${reason}`)
  }
}
