import { parseLocation } from '../bucket-location.ts'
import { misuse } from '../command-error.ts'
import { environmentCredentials } from '../connection.ts'
import type { CliContext } from '../context.ts'
import { textFlag } from '../flags.ts'
import { openDirectoryLogStore } from './directory-log-store.ts'
import type { LogStore } from './log-store.ts'
import { openS3LogStore } from './s3-log-store.ts'

export interface S3Flags {
  readonly s3Endpoint?: string
  readonly s3Region?: string
}

export const s3Flags = {
  s3Endpoint: textFlag('S3 server of s3:// places; without it AWS', 'URL'),
  s3Region: textFlag('Region of that S3 server', 'NAME'),
} as const

/**
 * The log files at a path or at `s3://bucket/prefix`. Buckets are read with the credentials of the environment.
 * @throws {CommandError} the place cannot be one. @throws {SourceError} it is not there.
 */
export async function openLogStore(context: CliContext, flags: S3Flags, place: string): Promise<LogStore> {
  if (!/^s3:/i.test(place)) return openDirectoryLogStore(place)
  const location = parseLocation(place)
  const { environment } = context
  const credentials = environmentCredentials(context)
  if (!credentials)
    throw misuse(
      `no credentials for ${place}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (for example: eval "$(aws configure export-credentials --format env)")`,
    )
  const endpoint = flags.s3Endpoint ?? (environment['AWS_ENDPOINT_URL_S3'] || undefined)
  if (endpoint !== undefined && (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)))
    throw misuse(`"${endpoint}" is no endpoint; write for example https://minio.example.org:9000`)
  const region = flags.s3Region ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? 'us-east-1'
  return openS3LogStore(location, {
    region,
    credentials,
    now: context.now,
    ...(endpoint !== undefined && { endpoint }),
  })
}
