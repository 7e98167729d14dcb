import type { Caller } from '../api/index.ts'
import type { ApiCall } from '../selftrail/index.ts'

/** The event source of all calls below `/events`. */
export const eventsSource = 'cloudtrail-data.amazonaws.com'

/** What a call below `/events` is about, as its record names it. */
export const channelOf = ({
  principal: { account },
  region,
}: Pick<Caller, 'principal' | 'region'>): NonNullable<ApiCall['resources']> => [
  {
    accountId: account,
    type: 'AWS::CloudTrail::Channel',
    ARN: `arn:aws:cloudtrail:${region}:${account}:channel/events`,
  },
]
