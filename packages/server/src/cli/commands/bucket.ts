import { readFile } from 'node:fs/promises'
import { CommandError, misuse } from '../command-error.ts'
import { control, controlAccount } from '../control-client.ts'
import { print, printError, printJson, programName, type CliContext } from '../context.ts'
import type { FormatFlags } from '../flags.ts'
import { formatTable } from '../table.ts'

/** Buckets of the server's own store: what only the owner of its machine may change, over the control socket. */
export interface BucketFlags extends FormatFlags {
  readonly data?: string
}
/** How the policy that lets CloudTrail in is made. */
interface StandardFlags {
  readonly prefix?: string
  /** Comma between them. */
  readonly accounts?: string
}
export interface CreateBucketFlags extends BucketFlags, StandardFlags {
  readonly account?: string
  readonly noPolicy?: boolean
  readonly policy?: string
}
export interface BucketPolicyFlags extends BucketFlags, StandardFlags {
  readonly file?: string
  readonly standard?: boolean
  readonly delete?: boolean
}

interface BucketView {
  readonly name: string
  readonly account: string
  readonly region: string
  readonly createdAt: string
}
type NewPolicy =
  | { readonly kind: 'standard'; readonly prefix?: string; readonly accounts?: readonly string[] }
  | { readonly kind: 'text'; readonly policy: string }
  | { readonly kind: 'none' }

/** S3's limit is 20 KB; a larger file is another file. */
const policyBytesMax = 20 * 1024

export async function createBucket(this: CliContext, flags: CreateBucketFlags, bucket: string): Promise<void> {
  if (flags.noPolicy && flags.policy !== undefined) throw misuse('--no-policy and --policy contradict one another')
  const policy = flags.noPolicy
    ? ({ kind: 'none' } as const)
    : flags.policy === undefined
      ? standardPolicy(flags)
      : await policyFrom(flags.policy)
  if (policy.kind !== 'standard') refuseStandardFlags(flags)
  const account = controlAccount(this, flags)
  const made = await control<BucketView>(this, flags, 'buckets/create', { bucket, account, policy })
  if (flags.format === 'json') return printJson(this, made)
  print(this, `bucket ${made.name} is created in account ${made.account}`)
  if (policy.kind === 'none')
    printError(
      this,
      `CloudTrail cannot deliver to it before it has a policy: "${programName()} bucket policy ${bucket} --standard".`,
    )
}

export async function listBuckets(this: CliContext, flags: BucketFlags): Promise<void> {
  const { buckets } = await control<{ readonly buckets: readonly BucketView[] }>(this, flags, 'buckets/list', {})
  if (flags.format === 'json') return printJson(this, buckets)
  if (buckets.length === 0)
    return printError(this, `There is no bucket yet; create one with "${programName()} bucket create NAME".`)
  const rows = buckets.map(({ name, account, region, createdAt }) => [name, account, region, createdAt])
  print(this, formatTable(['NAME', 'ACCOUNT', 'REGION', 'CREATED AT'], rows))
}

/** Without a flag the policy is shown. */
export async function bucketPolicy(this: CliContext, flags: BucketPolicyFlags, bucket: string): Promise<void> {
  const wanted = [flags.file !== undefined, flags.standard === true, flags.delete === true].filter(Boolean)
  if (wanted.length > 1) throw misuse('--file, --standard and --delete each make another policy; choose one')
  if (!flags.standard) refuseStandardFlags(flags)
  if (wanted.length === 0) return showPolicy(this, flags, bucket)
  const policy = await newPolicy(flags)
  const answer = await control<object>(this, flags, 'buckets/put-policy', { bucket, policy })
  if (flags.format === 'json') printJson(this, answer)
  else
    print(this, policy.kind === 'none' ? `the policy of ${bucket} is deleted` : `the policy of ${bucket} is replaced`)
}

async function showPolicy(context: CliContext, flags: BucketPolicyFlags, bucket: string): Promise<void> {
  const { policy } = await control<{ readonly policy?: string }>(context, flags, 'buckets/policy', { bucket })
  if (flags.format === 'json') return printJson(context, { bucket, ...(policy !== undefined && { policy }) })
  if (policy === undefined) return printError(context, `The bucket ${bucket} has no policy.`)
  print(context, JSON.stringify(JSON.parse(policy), null, 2))
}

async function newPolicy(flags: BucketPolicyFlags): Promise<NewPolicy> {
  if (flags.delete) return { kind: 'none' }
  return flags.file === undefined ? standardPolicy(flags) : policyFrom(flags.file)
}

function standardPolicy({ prefix, accounts }: StandardFlags): NewPolicy {
  const ids = accounts?.split(',').map((id) => id.trim())
  const wrong = ids?.find((id) => !/^\d{12}$/.test(id))
  if (wrong !== undefined)
    throw misuse(`"${wrong}" is no account; --accounts takes ids of twelve digits, with commas between`)
  return { kind: 'standard', ...(prefix !== undefined && { prefix }), ...(ids && { accounts: ids }) }
}

function refuseStandardFlags({ prefix, accounts }: StandardFlags): void {
  if (prefix !== undefined || accounts !== undefined)
    throw misuse('--prefix and --accounts shape the standard policy; they say nothing about another one')
}

async function policyFrom(path: string): Promise<NewPolicy> {
  let policy: string
  try {
    policy = await readFile(path, 'utf8')
  } catch (cause) {
    throw new CommandError(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
  if (Buffer.byteLength(policy) > policyBytesMax)
    throw new CommandError(`${path} has more than ${policyBytesMax} bytes, the most that a bucket's policy may have`)
  return { kind: 'text', policy }
}
