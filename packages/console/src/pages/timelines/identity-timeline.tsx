import type { ApiIdentityTimeline } from '@opentrail/core/api'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Spinner from '@cloudscape-design/components/spinner'
import type { SearchAttribute } from '@opentrail/core/search'
import { useInfiniteQuery } from '@tanstack/react-query'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { useSession } from '../../shell/session.tsx'
import { useSettings } from '../../shell/settings.tsx'
import { timeText } from '../../text/times.ts'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { EventLine } from './event-line.tsx'
import { LookFurther } from './look-further.tsx'
import { failed, searchHref, timelineHref, withValue } from './timeline-places.ts'
import { TopList } from './top-list.tsx'

/** What an identity did, from where, what failed, and since when it is seen. */
export function IdentityTimeline({ name, from }: { readonly name: string; readonly from: string }) {
  const { client, scope } = useSession()
  const query = useInfiniteQuery({
    queryKey: ['identity-timeline', name, from, scope],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam: cursor }) =>
      client.get<ApiIdentityTimeline>(
        '/api/v1/timelines/identity',
        { name, from, cursor, limit: 25, ...scope },
        signal,
      ),
    getNextPageParam: ({ cursor }) => cursor,
  })
  const { data, error, isPending, refetch } = query
  if (error && !data) return <FailureAlert error={error} onRetry={() => void refetch()} />
  if (isPending) return <Spinner />
  const [first] = data?.pages ?? []
  const events = data?.pages.flatMap((page) => page.events) ?? []
  if (!first || (first.total === 0 && events.length === 0))
    return (
      <Container>
        <Box variant="p">
          Nothing was done by an identity of this name in this time. Names are compared letter by letter: try its ARN,
          or <Link href={timelineHref('resource', name, from)}>look for a resource of this name</Link>.
        </Box>
      </Container>
    )
  return (
    <>
      <Summary timeline={first} from={from} />
      <Container
        header={
          <Header
            variant="h2"
            actions={<Button href={searchHref('identity', name, from)}>In the event history</Button>}
          >
            What it did
          </Header>
        }
      >
        <ol className="timeline">
          {events.map((event) => (
            <li
              key={`${event.place.account}/${event.place.region}/${event.place.sequence}`}
              className={event.errorCode === undefined ? '' : 'failed'}
            >
              <EventLine event={event} showsIdentity={false} />
            </li>
          ))}
        </ol>
        {error && <FailureAlert error={error} onRetry={() => void query.fetchNextPage()} />}
        <LookFurther query={query} searchedTo={data?.pages.at(-1)?.searchedTo} />
      </Container>
    </>
  )
}

const lists = [
  ['eventNames', 'What', 'eventName'],
  ['sources', 'Services', 'eventSource'],
  ['addresses', 'From where', 'sourceIPAddress'],
  ['errors', 'What failed', 'errorCode'],
] as const satisfies readonly (readonly [keyof ApiIdentityTimeline, string, SearchAttribute])[]

function Summary({ timeline, from }: { readonly timeline: ApiIdentityTimeline; readonly from: string }) {
  const { settings } = useSettings()
  const { name, total, firstSeen, lastSeen } = timeline
  const time = (iso: string | undefined) => (iso === undefined ? '–' : timeText(iso, settings.timeZone, true))
  return (
    <Container
      header={
        <Header variant="h2">
          <UntrustedText text={name} />
        </Header>
      }
    >
      <SpaceBetween size="l">
        <KeyValuePairs
          columns={4}
          items={[
            { label: 'First seen', value: time(firstSeen) },
            { label: 'Last seen', value: time(lastSeen) },
            { label: 'Calls', value: <Link href={searchHref('identity', name, from)}>{total.toLocaleString()}</Link> },
            {
              label: 'Failed',
              value: <Link href={searchHref('identity', name, from, failed)}>{timeline.failed.toLocaleString()}</Link>,
            },
          ]}
        />
        <div className="top-lists">
          {lists.map(([member, title, attribute]) => (
            <TopList
              key={member}
              title={title}
              values={timeline[member]}
              hrefOf={(value) => searchHref('identity', name, from, withValue(attribute, value))}
            />
          ))}
        </div>
      </SpaceBetween>
    </Container>
  )
}
