import type { ApiDryRun } from '@opentrail/core/api'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import FormField from '@cloudscape-design/components/form-field'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table from '@cloudscape-design/components/table'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { TrailSelectors } from '../../api/trail-operations.ts'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { useSession } from '../../shell/session.tsx'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { bytesText } from './bytes-text.ts'
import { dryRunEstimate, dryRunRequest } from './dry-run-estimate.ts'

const daysChoices = [1, 7, 30, 90].map((days) => ({
  value: String(days),
  label: days === 1 ? 'The last day' : `The last ${days} days`,
}))

/** What a selection would have taken of what has happened already. */
export function DryRun({
  selectors,
  regions,
}: {
  /** Undefined: it cannot be read yet. */
  readonly selectors: TrailSelectors | undefined
  readonly regions: readonly string[] | undefined
}) {
  const { client } = useSession()
  const [days, setDays] = useState('7')
  const run = useMutation({
    mutationFn: async (own: TrailSelectors) => ({
      own,
      days: Number(days),
      answer: await client.post<ApiDryRun>('/api/v1/dry-run', dryRunRequest(own, Number(days), regions)),
    }),
  })
  const isOld = run.data !== undefined && JSON.stringify(run.data.own) !== JSON.stringify(selectors)
  return (
    <SpaceBetween size="s">
      <Box variant="h3">Dry run</Box>
      <Box variant="p" color="text-body-secondary">
        How much the selection would have taken of the events that are in the history.
      </Box>
      <SpaceBetween direction="horizontal" size="xs" alignItems="end">
        <FormField label="Of">
          <Select
            selectedOption={daysChoices.find(({ value }) => value === days) ?? null}
            options={daysChoices}
            onChange={({ detail }) => setDays(detail.selectedOption.value ?? '7')}
          />
        </FormField>
        <Button
          loading={run.isPending}
          disabled={!selectors}
          disabledReason="Correct the selection first."
          onClick={() => selectors && run.mutate(selectors)}
        >
          Run
        </Button>
      </SpaceBetween>
      <div aria-live="polite">
        {run.error && <FailureAlert error={run.error} />}
        {isOld && <Box color="text-status-info">The selection has changed since: run it again.</Box>}
        {run.data && !run.error && <Outcome answer={run.data.answer} days={run.data.days} />}
      </div>
    </SpaceBetween>
  )
}

function Outcome({ answer, days }: { readonly answer: ApiDryRun; readonly days: number }) {
  const estimate = dryRunEstimate(answer, days)
  return (
    <SpaceBetween size="s">
      {estimate.sampleText !== undefined && <Box variant="p">{estimate.sampleText}</Box>}
      <KeyValuePairs
        columns={3}
        items={[
          { label: 'Events', value: estimate.eventsText },
          { label: 'Size, before compression', value: bytesText(estimate.bytes) },
          {
            label: 'That is, a day',
            value: `${estimate.perDay.toLocaleString()} events, ${bytesText(estimate.bytesPerDay)}`,
          },
        ]}
      />
      <Table
        variant="embedded"
        items={answer.byEventSource.slice(0, 10)}
        trackBy="value"
        contentDensity="compact"
        ariaLabels={{ tableLabel: 'The selection by event source' }}
        empty="There were no events."
        columnDefinitions={[
          {
            id: 'source',
            header: 'Event source',
            isRowHeader: true,
            cell: ({ value }) => <UntrustedText text={value} />,
          },
          { id: 'selected', header: 'Taken', cell: ({ selected }) => selected.toLocaleString() },
          { id: 'events', header: 'Of', cell: ({ events }) => events.toLocaleString() },
        ]}
      />
    </SpaceBetween>
  )
}
