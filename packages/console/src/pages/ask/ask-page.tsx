import type { ApiAnswer } from '@opentrail/core/api'
import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import ContentLayout from '@cloudscape-design/components/content-layout'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Spinner from '@cloudscape-design/components/spinner'
import Table from '@cloudscape-design/components/table'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { goTo, hrefOf } from '../../shell/place.ts'
import { useSession } from '../../shell/session.tsx'
import { useSettings } from '../../shell/settings.tsx'
import { timeText } from '../../text/times.ts'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { columnDefinitions } from '../event-history/columns.tsx'

const examples = ['Who created an access key?', 'What was denied in the last hour?', 'When did root sign in?']

/** A question or any name, and the events that answer it. */
export default function AskPage({ question }: { readonly question: string }) {
  const { client, scope } = useSession()
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['ask', question, scope],
    enabled: question !== '',
    queryFn: ({ signal }) =>
      client.post<ApiAnswer>(
        '/api/v1/ask',
        {
          question,
          ...(scope.accounts !== undefined && { accounts: [scope.accounts] }),
          ...(scope.regions !== undefined && { regions: [scope.regions] }),
        },
        signal,
      ),
  })
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description="A user, a role, a key, a resource, an address, an event, or a question about them."
        >
          Ask
        </Header>
      }
    >
      <SpaceBetween size="l">
        <QuestionField key={question} question={question} />
        {question === '' && (
          <SpaceBetween size="xs">
            <Box variant="h3">For example</Box>
            {examples.map((example) => (
              <Link key={example} href={hrefOf('/ask', { question: example })}>
                {example}
              </Link>
            ))}
          </SpaceBetween>
        )}
        {isFetching && <Spinner size="large" />}
        {error && !isFetching && <FailureAlert error={error} onRetry={() => void refetch()} />}
        {data && !isFetching && <Answer answer={data} />}
      </SpaceBetween>
    </ContentLayout>
  )
}

function QuestionField({ question }: { readonly question: string }) {
  const [text, setText] = useState(question)
  useEffect(() => setText(question), [question])
  return (
    <Input
      type="search"
      ariaLabel="Your question"
      value={text}
      onChange={({ detail }) => setText(detail.value)}
      onKeyDown={({ detail }) => {
        if (detail.key === 'Enter' && text.trim() !== '') goTo('/ask', { question: text.trim() })
      }}
    />
  )
}

function Answer({ answer }: { readonly answer: ApiAnswer }) {
  const { settings } = useSettings()
  const isShown = ['eventTime', 'eventName', 'username', 'eventSource', 'resourceName', 'errorCode', 'sourceIPAddress']
  return (
    <SpaceBetween size="l">
      <Container>
        <Box variant="p" fontSize="heading-m">
          <UntrustedText text={answer.sentence} max={2_000} />
        </Box>
      </Container>
      {answer.searchedTo !== undefined && (
        <Alert type="info">
          Looked back as far as {timeText(answer.searchedTo, settings.timeZone)}; the event history looks further.
        </Alert>
      )}
      <Table
        variant="container"
        ariaLabels={{ tableLabel: 'Events of the answer' }}
        items={[...answer.events]}
        trackBy="eventId"
        wrapLines={settings.wrapsLines}
        contentDensity={settings.density}
        columnDefinitions={columnDefinitions(settings.timeZone).filter(({ id }) => isShown.includes(id ?? ''))}
        empty="No events"
        header={
          <Header
            variant="h2"
            description={<UntrustedText text={answer.where} />}
            actions={
              <Button href={hrefOf('/events', { where: answer.where, from: '-90d' })}>Open in the event history</Button>
            }
          >
            Events
          </Header>
        }
      />
    </SpaceBetween>
  )
}
