import type { ApiResourceChange, ApiResourceTimeline } from '@opentrail/core/api'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Spinner from '@cloudscape-design/components/spinner'
import Toggle from '@cloudscape-design/components/toggle'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { useSession } from '../../shell/session.tsx'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { EventLine } from './event-line.tsx'
import { LookFurther } from './look-further.tsx'
import { searchHref, timelineHref } from './timeline-places.ts'

/** Each change of a resource, newest first, and what differs from the same operation before it. */
export function ResourceTimeline({ name, from }: { readonly name: string; readonly from: string }) {
  const { client, scope } = useSession()
  const [reads, setReads] = useState(false)
  const query = useInfiniteQuery({
    queryKey: ['resource-timeline', name, from, reads, scope],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam: cursor }) =>
      client.get<ApiResourceTimeline>(
        '/api/v1/timelines/resource',
        { name, from, cursor, limit: 25, ...(reads && { reads: 'true' }), ...scope },
        signal,
      ),
    getNextPageParam: ({ cursor }) => cursor,
  })
  const { data, error, isPending, refetch } = query
  const changes = data?.pages.flatMap((page) => page.changes) ?? []
  return (
    <Container
      header={
        <Header
          variant="h2"
          counter={data && `(${changes.length}${query.hasNextPage ? '+' : ''})`}
          actions={
            <SpaceBetween direction="horizontal" size="m" alignItems="center">
              <Toggle checked={reads} onChange={({ detail }) => setReads(detail.checked)}>
                Reads, too
              </Toggle>
              <Button href={searchHref('resource', name, from)}>In the event history</Button>
            </SpaceBetween>
          }
        >
          <UntrustedText text={name} />
        </Header>
      }
    >
      {error && <FailureAlert error={error} onRetry={() => void refetch()} />}
      {isPending && <Spinner />}
      {data && changes.length === 0 && !query.hasNextPage && (
        <Box variant="p">
          Nothing {reads ? 'was done to' : 'has changed'} a resource of this name in this time. Names are compared
          letter by letter: try its ARN, or{' '}
          <Link href={timelineHref('identity', name, from)}>look for an identity of this name</Link>.
        </Box>
      )}
      <ol className="timeline">
        {changes.map((change) => (
          <li
            key={`${change.event.place.account}/${change.event.place.region}/${change.event.place.sequence}`}
            className={change.event.errorCode === undefined ? '' : 'failed'}
          >
            <EventLine event={change.event} showsIdentity />
            <Changes change={change} />
          </li>
        ))}
      </ol>
      <LookFurther query={query} searchedTo={data?.pages.at(-1)?.searchedTo} />
    </Container>
  )
}

/** More are read on the event's own page. */
const shownMax = 12

function Changes({ change: { changes, event } }: { readonly change: ApiResourceChange }) {
  const [showsAll, setShowsAll] = useState(false)
  if (event.errorCode !== undefined || changes.length === 0) return null
  const shown = showsAll ? changes : changes.slice(0, shownMax)
  return (
    <>
      <table className="changes">
        <caption className="visually-hidden">What differs from the {event.eventName} before it</caption>
        <thead>
          <tr>
            <th scope="col">Parameter</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ path, before, after }) => (
            <tr key={path}>
              <th scope="row">
                <UntrustedText text={path.replace(/^requestParameters\./, '')} />
              </th>
              <td className={before === undefined ? '' : 'before'}>
                {before === undefined ? 'not there' : <UntrustedText text={before} />}
              </td>
              <td className={after === undefined ? '' : 'after'}>
                {after === undefined ? 'taken away' : <UntrustedText text={after} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < changes.length && (
        <Button variant="inline-link" onClick={() => setShowsAll(true)}>
          Show all {changes.length} differences
        </Button>
      )}
    </>
  )
}
