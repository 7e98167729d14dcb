import { buildCommand } from '@stricli/core'
import type { ValidateLogsFlags } from '../commands/validate-logs.ts'
import type { CliContext } from '../context.ts'
import { connectionFlags, formatFlags, switchFlag, textFlag } from '../flags.ts'

const required = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: String, brief, placeholder }) as const

export const validateLogsCommand = buildCommand<ValidateLogsFlags, [], CliContext>({
  loader: async () => (await import('../commands/validate-logs.ts')).validateLogs,
  parameters: {
    flags: {
      trailArn: required('ARN of the trail', 'ARN'),
      startTime: required('Earliest delivery: 2026-03-04T10:00:00Z, or 24h for a day ago', 'TIME'),
      endTime: textFlag('Latest delivery, written alike; now without it', 'TIME'),
      s3Bucket: textFlag('Bucket of the digests; asked of the server without it', 'NAME'),
      s3Prefix: textFlag("What the digests' keys begin with, with --s3-bucket", 'TEXT'),
      accountId: textFlag("Account covered; the trail's own without it", 'ID'),
      organizationId: textFlag('Organization, for the trail of one', 'ID'),
      verbose: switchFlag('Print what is valid, too, and notices'),
      ...connectionFlags,
      endpointUrl: textFlag('The same as --endpoint', 'URL'),
      s3Endpoint: textFlag('Other S3 server, or aws, with the credentials of the environment', 'URL'),
      s3Region: textFlag('Region of that S3 server', 'NAME'),
      directory: textFlag('Plain copy of the bucket instead of S3', 'DIR'),
      publicKeys: textFlag('Keys as "aws cloudtrail list-public-keys" prints them', 'FILE'),
      checkpoint: textFlag('Newest digest of an earlier verification, which must be there', 'FILE'),
      saveCheckpoint: textFlag('Write the newest digest there, if all is valid', 'FILE'),
      complete: switchFlag('Check the manifests, too: that every event is in a file or was not selected'),
      verifierKey: textFlag('Key of the log, as "opentrail checkpoint --key" prints it, for --complete', 'KEY'),
      keyFile: textFlag('File that holds the key of the log, for --complete', 'FILE'),
      logCheckpoint: textFlag('Checkpoint that "opentrail checkpoint --out" wrote, for --complete', 'FILE'),
      report: textFlag('Write an evidence report: FILE.html or FILE.json', 'FILE'),
      ...formatFlags,
    },
  },
  docs: {
    brief: 'Verify the digests and log files of a trail',
    fullDescription:
      'Options and output are those of "aws cloudtrail validate-logs"; what it does not check is printed after that. Exit code 0: valid; 1: something is not; 255: it could not be verified.',
  },
})
