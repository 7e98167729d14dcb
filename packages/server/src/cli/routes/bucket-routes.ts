import { buildCommand, buildRouteMap } from '@stricli/core'
import type { BucketFlags, BucketPolicyFlags, CreateBucketFlags } from '../commands/bucket.ts'
import type { CatFlags } from '../commands/cat.ts'
import type { ExportFlags } from '../commands/export.ts'
import type { LsFlags } from '../commands/ls.ts'
import type { CliContext } from '../context.ts'
import { connectionFlags, dataFlags, formatFlags, positional, switchFlag, textFlag } from '../flags.ts'

const load = () => import('../commands/bucket.ts')
const flags = { ...dataFlags, ...formatFlags }
const standardFlags = {
  prefix: textFlag('Key prefix of the trails that the standard policy lets in', 'TEXT'),
  accounts: textFlag("Accounts that the standard policy lets in; the bucket's own without it", 'ID,ID'),
} as const
const bucket = { kind: 'tuple', parameters: [positional('Name of the bucket', 'BUCKET')] } as const

export const lsCommand = buildCommand<LsFlags, [string?], CliContext>({
  loader: async () => (await import('../commands/ls.ts')).ls,
  parameters: {
    flags: {
      ...connectionFlags,
      recursive: switchFlag('List what is in folders, too'),
      ...formatFlags,
    },
    positional: {
      kind: 'tuple',
      parameters: [
        {
          ...positional('Bucket, or the beginning of keys in it; all buckets without it', 's3://BUCKET/PREFIX'),
          optional: true,
        },
      ],
    },
  },
  docs: { brief: 'List buckets and the log files in them' },
})

export const catCommand = buildCommand<CatFlags, [string], CliContext>({
  loader: async () => (await import('../commands/cat.ts')).cat,
  parameters: {
    flags: { ...connectionFlags, raw: switchFlag('Print the bytes as they are stored, also those of gzip') },
    positional: { kind: 'tuple', parameters: [positional('The object', 's3://BUCKET/KEY')] },
  },
  docs: {
    brief: 'Print a log file',
    fullDescription:
      'Prints an object of a bucket on standard output; what is packed with gzip is unpacked on the way.',
  },
})

export const exportCommand = buildCommand<ExportFlags, [string, string], CliContext>({
  loader: async () => (await import('../commands/export.ts')).exportFiles,
  parameters: {
    flags: { ...connectionFlags, ...formatFlags },
    positional: {
      kind: 'tuple',
      parameters: [
        positional('Bucket, or the beginning of keys in it', 's3://BUCKET/PREFIX'),
        positional('Directory; made where it is not there', 'DIR'),
      ],
    },
  },
  docs: {
    brief: 'Write the log files of a bucket into a directory',
    fullDescription:
      'Writes each object as a plain file, in its very bytes: what is packed stays packed. Run again it only brings what is new; what else is in the directory is left alone.',
  },
})

export const bucketRoutes = buildRouteMap({
  routes: {
    create: buildCommand<CreateBucketFlags, [string], CliContext>({
      loader: async () => (await load()).createBucket,
      parameters: {
        flags: {
          ...dataFlags,
          account: textFlag("Account that owns it; the server's own without it", 'ID'),
          noPolicy: switchFlag('Without the policy that lets CloudTrail deliver'),
          policy: textFlag('With the policy in this file instead', 'FILE'),
          ...standardFlags,
          ...formatFlags,
        },
        positional: bucket,
      },
      docs: { brief: 'Create a bucket that CloudTrail may deliver to' },
    }),
    list: buildCommand<BucketFlags, [], CliContext>({
      loader: async () => (await load()).listBuckets,
      parameters: { flags },
      docs: { brief: 'List the buckets of all accounts' },
    }),
    policy: buildCommand<BucketPolicyFlags, [string], CliContext>({
      loader: async () => (await load()).bucketPolicy,
      parameters: {
        flags: {
          ...dataFlags,
          file: textFlag('Replace it by the policy in this file', 'FILE'),
          standard: switchFlag('Replace it by the one that lets CloudTrail deliver'),
          delete: switchFlag('Delete it'),
          ...standardFlags,
          ...formatFlags,
        },
        positional: bucket,
      },
      docs: { brief: "Show, replace or delete a bucket's policy" },
    }),
  },
  docs: { brief: 'Manage buckets (on the machine of the server)' },
})
