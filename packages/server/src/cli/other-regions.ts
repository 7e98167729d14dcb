import { standardRegions } from '../config/index.ts'
import type { Connection } from './connection.ts'
import type { CliContext } from './context.ts'
import type { LookupAnswer, LookupInput } from './lookup-client.ts'
import { callOperation } from './signed-request.ts'

/** Marks the questions of this search, which are events themselves and must not be found by the next one. */
const userAgent = 'opentrail-cli (other regions)'
const pageSize = 50
/** Enough to ask all Regions at once in moments, few enough not to be refused as too many. */
const atOnce = 8

export interface RegionCount {
  readonly region: string
  readonly count: number
  /** There are more than were counted. */
  readonly more: boolean
}

/** How many events the same question finds in the other Regions, those with some first. */
export async function countElsewhere(
  context: CliContext,
  connection: Connection,
  input: LookupInput,
): Promise<RegionCount[]> {
  const regions = standardRegions.filter((region) => region !== connection.region)
  const counts: RegionCount[] = []
  const waiting = [...regions]
  const ask = async (): Promise<void> => {
    for (let region = waiting.shift(); region !== undefined; region = waiting.shift()) {
      const count = await countIn(context, { ...connection, region }, input)
      if (count && count.count > 0) counts.push(count)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, ask))
  return counts.sort((a, b) => b.count - a.count || a.region.localeCompare(b.region))
}

async function countIn(
  context: CliContext,
  connection: Connection,
  input: LookupInput,
): Promise<RegionCount | undefined> {
  try {
    const { Events = [], NextToken } = await callOperation<LookupAnswer>(connection, {
      operation: 'LookupEvents',
      input: { ...input, MaxResults: pageSize },
      now: context.now(),
      userAgent,
    })
    const others = Events.filter((event) => !event.CloudTrailEvent?.includes(userAgent))
    return { region: connection.region, count: others.length, more: NextToken !== undefined }
  } catch {
    return undefined // A Region that is not configured, or refused to this caller: this is a hint, not the answer.
  }
}

/** "0 in eu-west-1; 42 in us-east-1, 50+ in eu-central-1" */
export function describeElsewhere(region: string, elsewhere: readonly RegionCount[]): string {
  if (elsewhere.length === 0) return `No events in ${region}, nor in any other Region.`
  const found = elsewhere.map(({ count, more, region: name }) => `${count}${more ? '+' : ''} in ${name}`)
  return `0 in ${region}; ${found.join(', ')}. Ask there with --region ${elsewhere[0]!.region}.`
}
