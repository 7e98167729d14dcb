import { buildCommand } from '@stricli/core'
import type { CliContext } from '../context.ts'
import type { LookupFlags } from '../commands/lookup-events.ts'
import type { TailFlags } from '../commands/tail.ts'
import { connectionFlags, textFlag } from '../flags.ts'

export const tailCommand = buildCommand<TailFlags, [], CliContext>({
  loader: async () => (await import('../commands/tail.ts')).tail,
  parameters: {
    flags: {
      ...connectionFlags,
      where: textFlag('Only events that this search finds', 'SEARCH'),
      accounts: textFlag('Account ids with commas, or * for all (of users with --all-accounts)', 'IDS'),
      maxItems: textFlag('End after so many events', 'N'),
      format: { kind: 'enum', values: ['text', 'ndjson'], default: 'text', brief: 'How to print; ndjson: the records' },
    },
  },
  docs: {
    brief: 'Follow events as they come in',
    fullDescription:
      'Prints events as they are recorded, from now on, in all Regions unless one is named. Goes on where it was when the connection breaks or the server starts anew: nothing is lost or printed twice.',
  },
})

export const lookupEventsCommand = buildCommand<LookupFlags, [], CliContext>({
  loader: async () => (await import('../commands/lookup-events.ts')).lookupEvents,
  parameters: {
    flags: {
      ...connectionFlags,
      attribute: textFlag('Only events with this attribute, such as EventName=ConsoleLogin', 'NAME=VALUE'),
      eventId: textFlag('Only the event with this id', 'ID'),
      eventName: textFlag('Only events of this name, such as ConsoleLogin', 'NAME'),
      readOnly: textFlag('Only reading (true) or only changing (false) events', 'true|false'),
      username: textFlag('Only events of this user or role session', 'NAME'),
      resourceType: textFlag('Only events about this type, such as AWS::S3::Bucket', 'TYPE'),
      resourceName: textFlag('Only events about this resource', 'NAME'),
      eventSource: textFlag('Only events of this service, such as iam.amazonaws.com', 'SOURCE'),
      accessKeyId: textFlag('Only events of this access key', 'ID'),
      startTime: textFlag('Earliest time: 2026-03-04T10:00:00Z, or 2h for two hours ago', 'TIME'),
      endTime: textFlag('Latest time, written alike', 'TIME'),
      where: textFlag("Any event by a search, such as 'eventName = DeleteBucket and error exists'", 'SEARCH'),
      from: textFlag('With a search, earliest time: 2026-03-04T10:00:00Z, 2026-03-04, or 2h', 'TIME'),
      to: textFlag('With a search, latest time, written alike', 'TIME'),
      accounts: textFlag('With a search, account ids with commas, or * for all (of users with --all-accounts)', 'IDS'),
      maxItems: textFlag('Most events to print (default 50)', 'N'),
      maxResults: textFlag('Events per request, 1 to 50 (default 50)', 'N'),
      format: {
        kind: 'enum',
        values: ['table', 'json', 'ndjson'],
        default: 'table',
        brief: 'How to print the answer; ndjson: the records, one a line',
      },
    },
  },
  docs: {
    brief: 'Search the event history',
    fullDescription:
      'Searches management events of one account and Region, newest first, by at most one attribute and by time. Says so when there is nothing in this Region but something in another. With --where, --from, --to or --accounts: events of every kind by any search, in all Regions unless one is named.',
  },
})
