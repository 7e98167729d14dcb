import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import ContentLayout from '@cloudscape-design/components/content-layout'
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Tabs from '@cloudscape-design/components/tabs'
import type { ReactNode } from 'react'
import { useSession } from '../../shell/session.tsx'
import { commandsFor, type NamedCommand } from './commands.ts'
import { PlayDemo } from './play-demo.tsx'

/** How events come in, with commands for this very server. */
export default function StartPage() {
  const { session } = useSession()
  const { server, region } = session
  const commands = commandsFor({ endpoint: server.endpoint, region, isTest: server.mode === 'test' })
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={`This server is at ${server.endpoint}. It records what is sent to it, and each call of its own API.`}
        >
          Send events
        </Header>
      }
    >
      <SpaceBetween size="l">
        {server.mode === 'test' && (
          <Alert type="info">
            This is a test server: its data ends with it, its clock can be moved, and its key is test, its secret test.
          </Alert>
        )}
        <Step
          title="Something to look at"
          text="An hour of invented activity with an incident in it. The command does the same on the machine of the server."
        >
          <SpaceBetween size="m">
            {session.principal.role === 'administrator' && server.mode !== 'open' && <PlayDemo />}
            <Command text={commands.demo} />
          </SpaceBetween>
        </Step>
        <Step title="Your AWS tools" text="In this terminal the AWS CLI and every SDK speak to this server.">
          <Command text={commands.environment} />
        </Step>
        <Step title="Look events up" text="What this page shows, from a program.">
          <Tabs ariaLabel="Languages" tabs={commands.lookup.map(tabOf)} />
        </Step>
        <Step
          title="Send your own"
          text='One CloudTrail record a line, or {"Records": [...]}. What the record leaves out is filled in.'
        >
          <Tabs ariaLabel="Ways to send" tabs={commands.send.map(tabOf)} />
        </Step>
        <Step title="Keep them" text="A trail writes log files and signed digests to a bucket, as CloudTrail does.">
          <Command text={commands.trail} />
        </Step>
      </SpaceBetween>
    </ContentLayout>
  )
}

function Step({
  title,
  text,
  children,
}: {
  readonly title: string
  readonly text: string
  readonly children: ReactNode
}) {
  return (
    <Container
      header={
        <Header variant="h2" description={text}>
          {title}
        </Header>
      }
    >
      {children}
    </Container>
  )
}

/** Ids have no spaces. */
const tabOf = ({ name, text }: NamedCommand) => ({
  id: name.replaceAll(' ', '-'),
  label: name,
  content: <Command text={text} />,
})

const Command = ({ text }: { readonly text: string }) => (
  <SpaceBetween size="xs">
    <Box>
      <pre className="command" tabIndex={0} aria-label="Command">
        {text}
      </pre>
    </Box>
    <CopyToClipboard
      copyButtonText="Copy"
      textToCopy={text}
      copySuccessText="Copied"
      copyErrorText="It could not be copied"
    />
  </SpaceBetween>
)
