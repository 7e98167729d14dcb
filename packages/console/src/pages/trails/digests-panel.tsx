import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Spinner from '@cloudscape-design/components/spinner'
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator'
import Table from '@cloudscape-design/components/table'
import type { ApiDigest } from '@opentrail/core/api'
import { useState } from 'react'
import type { Trail } from '../../api/trail-operations.ts'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { useSettings } from '../../shell/settings.tsx'
import { timeText } from '../../text/times.ts'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { ChainDrawing } from './chain-drawing.tsx'
import { chainPicture, chainSentence, linkWords, stateWords } from './digest-chain.ts'
import { RegionSelect } from './region-select.tsx'
import { useDigests } from './use-trails.ts'

const stateTypes: Readonly<Record<ApiDigest['state'], StatusIndicatorProps.Type>> = {
  valid: 'success',
  invalid: 'error',
  missing: 'warning',
  unknown: 'pending',
}

/** The chain of digests of one Region, as a picture and as a table. */
export function DigestsPanel({ trail }: { readonly trail: Trail }) {
  const [region, setRegion] = useState(trail.HomeRegion)
  const { settings } = useSettings()
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage, isFetching } = useDigests(
    trail.TrailARN,
    region,
  )
  const digests = data?.pages.flatMap((page) => page.digests) ?? []
  // The order and the links; where the boxes lie, the drawing decides.
  const chain = chainPicture(digests, 1_000, hasNextPage)
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Every hour a signed digest lists the log files and names the digest before it. They are read from the bucket and checked now."
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <RegionSelect trail={trail} region={region} allowsAll={false} onChange={setRegion} />
              <Button iconName="refresh" ariaLabel="Check again" loading={isFetching} onClick={() => void refetch()} />
            </SpaceBetween>
          }
        >
          Digest chain
        </Header>
      }
    >
      {error && <FailureAlert error={error} onRetry={() => void refetch()} />}
      {isPending && <Spinner />}
      {data && digests.length === 0 && (
        <Box>
          No digest of this Region yet. The first one comes within minutes of the start, the next ones every hour.
        </Box>
      )}
      {digests.length > 0 && (
        <SpaceBetween size="m">
          <Box variant="p">{chainSentence(chain)}</Box>
          <ChainDrawing digests={digests} hasOlder={hasNextPage} timeZone={settings.timeZone} />
          {hasNextPage && (
            <Button loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              Check older digests
            </Button>
          )}
          <Table
            variant="embedded"
            items={chain.boxes.toReversed()}
            trackBy={({ digest }) => digest.key}
            wrapLines
            ariaLabels={{ tableLabel: 'Digests' }}
            columnDefinitions={[
              {
                id: 'hour',
                header: 'From, to',
                isRowHeader: true,
                minWidth: 180,
                cell: ({ digest }) =>
                  `${timeText(digest.start, settings.timeZone)} – ${timeText(digest.end, settings.timeZone).slice(11)}`,
              },
              {
                id: 'state',
                header: 'State',
                minWidth: 140,
                cell: ({ digest }) => (
                  <>
                    <StatusIndicator type={stateTypes[digest.state]}>{stateWords[digest.state]}</StatusIndicator>
                    {digest.why !== undefined && (
                      <Box variant="small">
                        <UntrustedText text={digest.why} />
                      </Box>
                    )}
                  </>
                ),
              },
              { id: 'link', header: 'Link', minWidth: 140, cell: ({ link }) => linkWords[link] },
              { id: 'files', header: 'Log files', minWidth: 90, cell: ({ digest }) => digest.files.toLocaleString() },
              {
                id: 'key',
                header: 'Name',
                minWidth: 240,
                cell: ({ digest }) => <UntrustedText text={digest.key.split('/').at(-1) ?? digest.key} />,
              },
            ]}
          />
        </SpaceBetween>
      )}
    </Container>
  )
}
