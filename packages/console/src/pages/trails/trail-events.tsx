import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { Trail, TrailSelectors } from '../../api/trail-operations.ts'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { describeSelectors } from './describe-selectors.ts'
import { DryRun } from './dry-run.tsx'
import { selectorsText } from './read-selectors.ts'
import { EditButton } from './trail-settings-view.tsx'

/** What the trail takes, in words and as the API has it, and how much that is. */
export function TrailEvents({ trail, selectors }: { readonly trail: Trail; readonly selectors: TrailSelectors }) {
  const text = selectorsText(selectors)
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="An event is taken if any of these fits."
          actions={<EditButton arn={trail.TrailARN} step="events" />}
        >
          Events
        </Header>
      }
    >
      <SpaceBetween size="m">
        <SelectorList selectors={selectors} />
        <ExpandableSection headerText="As JSON">
          <SpaceBetween size="xs">
            <CopyToClipboard
              copyButtonText="Copy"
              textToCopy={text}
              copySuccessText="Copied"
              copyErrorText="It could not be copied"
            />
            <Box variant="code">
              <pre className="raw-record" tabIndex={0} aria-label="Event selectors as JSON">
                {text}
              </pre>
            </Box>
          </SpaceBetween>
        </ExpandableSection>
        <DryRun selectors={selectors} regions={trail.IsMultiRegionTrail ? undefined : [trail.HomeRegion]} />
      </SpaceBetween>
    </Container>
  )
}

export function SelectorList({ selectors }: { readonly selectors: TrailSelectors }) {
  const lines = describeSelectors(selectors)
  if (lines.length === 0) return <Box color="text-status-warning">No event at all.</Box>
  return (
    <ul className="plain-list">
      {lines.map((line, index) => (
        <li key={index}>
          <UntrustedText text={line} max={600} />
        </li>
      ))}
    </ul>
  )
}
