import { buildCommand } from '@stricli/core'
import type { CliContext } from '../context.ts'
import type { LookupFlags } from '../commands/lookup-events.ts'
import { connectionFlags, textFlag } from '../flags.ts'

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
      maxItems: textFlag('Most events to print (default 50)', 'N'),
      maxResults: textFlag('Events per request, 1 to 50 (default 50)', 'N'),
      format: { kind: 'enum', values: ['table', 'json'], default: 'table', brief: 'How to print the answer' },
    },
  },
  docs: {
    brief: 'Search the event history',
    fullDescription:
      'Searches management events of one account and Region, newest first, by at most one attribute and by time. Says so when there is nothing in this Region but something in another.',
  },
})
