import * as z from 'zod'
import type { AccountId } from '@opentrail/core/event'
import { cloudTrailBucketPolicy } from '@opentrail/core/policy'
import { partitionOf } from '@opentrail/core/trail'
import type { AdministrationCaller, ControlRoute, ControlRoutes } from '../accounts/index.ts'
import { ApiError } from '../operations/index.ts'
import { createBucketActs, type BucketActsOptions } from './bucket-acts.ts'
import {
  checkNewBucketName,
  checkNewPolicy,
  type BucketAdministration,
  type BucketDescription,
  type CheckPolicy,
} from './bucket-administration.ts'
import { BucketError, type BucketStore } from './bucket-store.ts'

export interface BucketRoutesOptions extends BucketActsOptions {
  readonly administration: Pick<BucketAdministration, 'createBucket' | 'putPolicy' | 'describeBucket' | 'listBuckets'>
  readonly buckets: Pick<BucketStore, 'policy'>
  /** The one that the store was given: what it would refuse is refused before it is recorded as done. */
  readonly checkPolicy?: CheckPolicy
  /** The accounts that exist. */
  readonly accountIds: ReadonlySet<string>
}

/** The standard policy lets CloudTrail deliver the bucket's own account, or these accounts, below this prefix. */
const standard = z.strictObject({
  kind: z.literal('standard'),
  prefix: z.string().max(200).optional(),
  accounts: z.array(z.string()).max(1_000).optional(),
})
const text = z.strictObject({ kind: z.literal('text'), policy: z.string() })
const none = z.strictObject({ kind: z.literal('none') })
const newPolicy = z.discriminatedUnion('kind', [standard, text, none])
type NewPolicy = z.infer<typeof newPolicy>

const bucketOnly = z.strictObject({ bucket: z.string() })
const newBucket = z.strictObject({ bucket: z.string(), account: z.string(), policy: newPolicy })
const changedPolicy = z.strictObject({ bucket: z.string(), policy: newPolicy })

function route<Input>(
  shape: z.ZodType<Input>,
  act: (caller: AdministrationCaller, input: Input) => Promise<unknown>,
): ControlRoute {
  return async (body, { caller }) => act(caller, shape.parse(body))
}

/** What the machine's owner does with buckets of the embedded store, over the control socket. */
export function bucketRoutes(options: BucketRoutesOptions): ControlRoutes {
  const { administration, buckets, checkPolicy, accountIds, home } = options
  const acts = createBucketActs(options)
  // Trails ask for their bucket in their own partition.
  const partition = partitionOf(home.region)

  async function describeBucket(bucket: string): Promise<BucketDescription> {
    const found = await administration.describeBucket(bucket)
    if (!found) throw new BucketError('NoSuchBucket', `there is no bucket ${JSON.stringify(bucket.slice(0, 80))}`)
    return found
  }

  async function create(caller: AdministrationCaller, input: z.infer<typeof newBucket>): Promise<BucketView> {
    const { bucket, account } = input
    const act = { eventName: 'CreateBucket', bucket, parameters: { Host: hostName } }
    return acts.perform(act, caller, async () => {
      checkNewBucketName(bucket)
      if (!accountIds.has(account))
        throw new ApiError('NoSuchEntity', `There is no account ${account}.`, { status: 404 })
      const existing = await administration.describeBucket(bucket)
      if (existing) throw takenBy(existing, account)
      const policy = policyText(input.policy, { partition, bucket, owner: account })
      checkNewPolicy(bucket, policy, checkPolicy)
      return {
        owner: account as AccountId,
        change: async () => {
          const { region } = home
          await administration.createBucket(bucket, { owner: account, region, ...(policy !== undefined && { policy }) })
          return view(await describeBucket(bucket))
        },
      }
    })
  }

  /** Deleting a policy is an act of its own. */
  async function changePolicy(caller: AdministrationCaller, input: z.infer<typeof changedPolicy>) {
    const { bucket } = input
    const isDeleted = input.policy.kind === 'none'
    const act = {
      eventName: isDeleted ? 'DeleteBucketPolicy' : 'PutBucketPolicy',
      bucket,
      parameters: {
        Host: hostName,
        policy: '',
        ...bucketPolicy(input.policy, { partition, bucket, owner: await accountOf(bucket) }),
      },
    }
    return acts.perform(act, caller, async () => {
      const found = await describeBucket(bucket)
      const policy = policyText(input.policy, { partition, bucket, owner: found.owner })
      checkNewPolicy(bucket, policy, checkPolicy)
      return {
        owner: found.owner as AccountId,
        change: async () => {
          await administration.putPolicy(bucket, policy)
          return { bucket, ...(policy !== undefined && { policy }) }
        },
      }
    })
  }
  const accountOf = async (bucket: string): Promise<string> =>
    (await administration.describeBucket(bucket))?.owner ?? home.account

  return {
    '/buckets/create': route(newBucket, create),
    '/buckets/list': route(z.strictObject({}), (caller) =>
      acts.perform({ eventName: 'ListBuckets', parameters: { Host: hostName } }, caller, async () => ({
        owner: home.account,
        change: async () => ({ buckets: (await administration.listBuckets()).map(view) }),
      })),
    ),
    '/buckets/policy': route(bucketOnly, (caller, { bucket }) =>
      acts.perform(
        { eventName: 'GetBucketPolicy', bucket, parameters: { Host: hostName, policy: '' } },
        caller,
        async () => {
          const { owner } = await describeBucket(bucket)
          const policy = await buckets.policy(bucket)
          return {
            owner: owner as AccountId,
            change: async () => ({ bucket, ...(policy !== undefined && { policy }) }),
          }
        },
      ),
    ),
    '/buckets/put-policy': route(changedPolicy, changePolicy),
  }
}

/** What stands where an S3 client names the host it called. */
const hostName = 'localhost'

export interface BucketView {
  readonly name: string
  readonly account: string
  readonly region: string
  readonly createdAt: string
}
const view = ({ name, owner, region, createdAt }: BucketDescription): BucketView => ({
  name,
  account: owner,
  region,
  createdAt: new Date(createdAt).toISOString(),
})

function takenBy({ name, owner }: BucketDescription, account: string): BucketError {
  return owner === account
    ? new BucketError('BucketAlreadyOwnedByYou', `the bucket ${name} is there already, and yours`)
    : new BucketError('BucketAlreadyExists', `the bucket ${name} belongs to another account`)
}

/** Which bucket a standard policy is for. */
interface PolicySubject {
  readonly partition: string
  readonly bucket: string
  readonly owner: string
}

/** @throws {ApiError} MalformedPolicy: too many accounts for one policy. */
function policyText(policy: NewPolicy, { partition, bucket, owner }: PolicySubject): string | undefined {
  if (policy.kind === 'none') return undefined
  if (policy.kind === 'text') return policy.policy
  const { prefix, accounts = [owner] } = policy
  try {
    return cloudTrailBucketPolicy({ partition, bucket, accounts, ...(prefix !== undefined && { prefix }) })
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new ApiError('MalformedPolicy', cause.message, { cause })
  }
}

/** The policy as S3's events show it: as JSON, not as text. One that is no JSON, or cannot be made, is about to be refused. */
function bucketPolicy(policy: NewPolicy, subject: PolicySubject): { readonly bucketPolicy?: unknown } {
  try {
    const written = policyText(policy, subject)
    return written === undefined ? {} : { bucketPolicy: JSON.parse(written) as unknown }
  } catch {
    return {}
  }
}
