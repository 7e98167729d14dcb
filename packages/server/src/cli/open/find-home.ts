import { isAccountId, isRegionName, type AccountId, type Region } from '@opentrail/core/event'
import { CommandError } from '../command-error.ts'
import { findLogFiles, type FindOptions, type FoundFile } from '../log-files/find-log-files.ts'
import { skipTexts } from '../log-files/skipped.ts'
import { readRecords } from './read-records.ts'

/** Where the newest log file belongs: what people look at first. */
export interface Home {
  readonly account: AccountId
  readonly region: Region
}

/** Of one file that is read for its first record. */
const fileBytesMax = 256 * 1024 * 1024
/** Records without an account are old, or reduced by whoever made a copy. */
const recordsLookedAtMax = 1_000
const nobody: Home = { account: '123456789012' as AccountId, region: 'us-east-1' as Region }

/** @throws {CommandError} there are no log files. @throws {SourceError} */
export async function findHome(options: FindOptions): Promise<Home> {
  for await (const { files } of findLogFiles(options)) {
    const [newest] = files
    if (newest?.named) return { account: newest.named.account, region: newest.named.region }
    if (newest) return (await homeInside(options, newest)) ?? nobody
  }
  const skipped = [...options.skipped.counts].map(([reason, { count }]) => `${count} ${skipTexts[reason]}`)
  const found = skipped.length > 0 ? ` (skipped: ${skipped.join(', ')})` : ''
  throw new CommandError(`there are no log files at ${options.store.description}/${options.store.start}${found}`)
}

async function homeInside({ store }: FindOptions, { key }: FoundFile): Promise<Home | undefined> {
  const body = await store.get(key, { bytesMax: fileBytesMax })
  let left = recordsLookedAtMax
  try {
    for await (const record of readRecords(body ?? new Uint8Array())) {
      const home = homeOf(record)
      if (home) return home
      if (--left === 0) break
    }
  } catch {
    // The import says what is wrong with it.
  }
  return undefined
}

function homeOf(record: Uint8Array): Home | undefined {
  try {
    const { recipientAccountId, awsRegion } = JSON.parse(Buffer.from(record).toString()) as Record<string, unknown>
    if (typeof recipientAccountId !== 'string' || !isAccountId(recipientAccountId)) return undefined
    const region = typeof awsRegion === 'string' && isRegionName(awsRegion) ? awsRegion : nobody.region
    return { account: recipientAccountId, region }
  } catch {
    return undefined
  }
}
