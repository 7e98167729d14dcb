import type { AccountId, Region, StreamId } from '@opentrail/core/event'

export const accounts = ['111111111111', '222222222222'] as AccountId[]
export const regions = ['eu-west-1', 'us-east-1'] as Region[]
export const streamOf = (account: AccountId, region: Region) => `${account}/${region}` as StreamId
export const streams = accounts.flatMap((account) => regions.map((region) => streamOf(account, region)))
export const principalOf = (account: AccountId) => `arn:aws:iam::${account}:user/producer`

/** Few values, so that lookups find many events; sources that no resource rule knows. */
export const values = {
  EventName: ['CreateThing', 'DescribeThings', 'DeleteThing', 'PutThing'],
  EventSource: ['alpha.amazonaws.com', 'beta.amazonaws.com', 'cloudtrail.amazonaws.com'],
  Username: ['kim', 'l\u00e9e', 'kim lee'],
  AccessKeyId: ['AKIAEXAMPLE000000001', 'AKIAEXAMPLE000000002'],
  ResourceName: ['arn:aws:thing:::one', 'arn:aws:thing:::two', 'arn:aws:thing:::three'],
  ResourceType: ['AWS::Thing::Thing', 'AWS::Thing::Other'],
  ReadOnly: ['true', 'false'],
} as const

/** Of data events: an advanced selector is judged by one resource at a time, so they have one at most. */
export const dataResources = {
  type: ['AWS::S3::Object', 'AWS::Thing::Thing'],
  ARN: ['arn:aws:s3:::one/a', 'arn:aws:s3:::one/b', 'arn:aws:s3:::two/a'],
} as const

/** Uniform in [0, 1). */
export type Dice = () => number
export const below = (dice: Dice, limit: number) => Math.floor(dice() * limit)
export const pick = <T>(dice: Dice, from: readonly T[]): T => from[below(dice, from.length)]!
export const chance = (dice: Dice, share: number) => dice() < share

export function uuidFrom(dice: Dice): string {
  const hex = Array.from({ length: 32 }, () => below(dice, 16).toString(16)).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}

/** A record that must be taken: what has to stand in the journal for it, byte for byte, under whatever id it has. */
export interface GoodRecord {
  /** Stands in the record as its requestID and in no other. */
  readonly marker: string
  readonly stream: StreamId
  /** Undefined: it is sent without an id. */
  readonly id: string | undefined
  readonly stored: (id: string) => string
}

export interface Line {
  readonly text: string
  readonly good?: GoodRecord
  /** Of a record that must be refused. */
  readonly refusal?: string
}

/** One POST /events, as it is sent once or again. */
export interface Request {
  readonly account: AccountId
  readonly region: Region
  readonly key: string | undefined
  readonly lines: readonly Line[]
}

type Fields = Record<string, unknown>

/** Makes requests: whole records, in other key orders and spacing, without ids, with bad ones among them. */
export function createWorkload(dice: Dice) {
  let markers = 0
  /** Ids in use by stream, for records that come under an id that is taken. */
  const used = new Map<StreamId, string[]>()

  function fields(account: AccountId, region: Region, now: number, marker: string): Fields {
    const user = pick(dice, values.Username)
    const category = pick(dice, ['Management', 'Management', 'Management', 'Management', 'Data', 'NetworkActivity'])
    // Some just admitted, some old, some around the 90 days that a lookup reaches back.
    const age = pick(dice, [below(dice, 5), below(dice, 86_400), below(dice, 95 * 86_400), -below(dice, 200)])
    const ofData = category === 'Data'
    const resources = Array.from({ length: below(dice, ofData ? 2 : 3) + (ofData ? below(dice, 2) : 0) }, () => ({
      type: pick(dice, ofData ? dataResources.type : values.ResourceType),
      ARN: pick(dice, ofData ? dataResources.ARN : values.ResourceName),
    })).slice(0, ofData ? 1 : undefined)
    // In CloudTrail's own order: what is stored for it is exactly this text.
    return {
      eventVersion: '1.11',
      userIdentity: {
        type: 'IAMUser',
        principalId: 'AIDAEXAMPLE',
        arn: `arn:aws:iam::${account}:user/${user}`,
        accountId: account,
        accessKeyId: pick(dice, values.AccessKeyId),
        userName: user,
      },
      eventTime: `${new Date(now - age * 1_000).toISOString().slice(0, 19)}Z`,
      eventSource: pick(dice, values.EventSource),
      eventName: pick(dice, values.EventName),
      awsRegion: region,
      sourceIPAddress: '203.0.113.7',
      userAgent: 'simulation',
      requestParameters: { text: 'x'.repeat(below(dice, 20)) + uuidFrom(dice).repeat(below(dice, 12)) },
      responseElements: null,
      requestID: marker,
      eventID: '',
      readOnly: chance(dice, 0.5),
      ...(resources.length > 0 && { resources }),
      eventType: category === 'NetworkActivity' ? 'AwsVpceEvent' : 'AwsApiCall',
      managementEvent: category === 'Management',
      recipientAccountId: account,
      eventCategory: category,
    }
  }

  /** The same record in another order and spacing: admission has to undo both. */
  function disguise(record: Fields): string {
    const entries = Object.entries(record)
    const turned = chance(dice, 0.3) ? [...entries.slice(5), ...entries.slice(0, 5)] : entries
    const shown = Object.fromEntries(turned)
    if (!chance(dice, 0.2)) return JSON.stringify(shown)
    return JSON.stringify(shown, null, ' ').replace(/\n\s*/g, ' ')
  }

  function good(account: AccountId, region: Region, now: number, withoutId: boolean): Line {
    const marker = `m${++markers}`
    const stream = streamOf(account, region)
    const known = used.get(stream) ?? []
    used.set(stream, known)
    const reused = known.length > 0 && chance(dice, 0.06)
    const id = withoutId ? undefined : reused ? pick(dice, known.slice(-20)) : uuidFrom(dice)
    if (id !== undefined && !reused) known.push(id)
    const record = fields(account, region, now, marker)
    const { eventID: _, ...bare } = record
    const sent = id === undefined ? bare : { ...record, eventID: id }
    return {
      text: disguise(sent),
      good: { marker, stream, id, stored: (given) => JSON.stringify({ ...record, eventID: given }) },
    }
  }

  function bad(account: AccountId, region: Region, now: number): Line {
    const record = { ...fields(account, region, now, `bad${++markers}`), eventID: uuidFrom(dice) }
    const text = (changed: Fields) => JSON.stringify({ ...record, ...changed })
    return pick<() => Line>(dice, [
      () => ({ text: '{"eventName":tru}', refusal: 'InvalidJson' }),
      () => ({ text: text({ eventID: 'ABCDEF00-0000-4000-A000-000000000000' }), refusal: 'InvalidEventId' }),
      () => ({ text: text({ recipientAccountId: '999999999999' }), refusal: 'ForeignAccount' }),
      () => ({ text: text({ awsRegion: 'nowhere-9' }), refusal: 'UnknownRegion' }),
      () => ({ text: text({ eventTime: '2999-01-01T00:00:00Z' }), refusal: 'EventTimeInFuture' }),
      () => ({ text: text({ eventName: undefined }), refusal: 'MissingField' }),
    ])()
  }

  return {
    request(now: number): Request {
      const account = pick(dice, accounts)
      const region = pick(dice, regions)
      const keyed = chance(dice, 0.3)
      const lines = Array.from({ length: 1 + below(dice, chance(dice, 0.1) ? 30 : 6) }, (_, place) => {
        if (place > 0 && chance(dice, 0.08)) return bad(account, region, now)
        const elsewhere = chance(dice, 0.2) ? pick(dice, regions) : region
        return good(account, elsewhere, now, chance(dice, keyed ? 0.6 : 0.15))
      })
      // The same record twice in one request.
      if (chance(dice, 0.1)) lines.push(pick(dice, lines))
      return { account, region, key: keyed ? `key-${++markers}` : undefined, lines }
    },
    newMarker: () => `m${++markers}`,
  }
}

export type Workload = ReturnType<typeof createWorkload>
