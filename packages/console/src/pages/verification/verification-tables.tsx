import Header from '@cloudscape-design/components/header'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Table from '@cloudscape-design/components/table'
import type { ApiVerificationFinding, ApiVerifiedTrail } from '@opentrail/core/api'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { findingRows, outcomeWords, ratioText, trailName, type FindingRow } from './verification-words.ts'

interface Trails {
  readonly trails: readonly ApiVerifiedTrail[]
}

/** One row per chain of digests. */
export const TrailsTable = ({ trails, isRunning }: Trails & { readonly isRunning: boolean }) => (
  <Table
    items={trails}
    wrapLines
    ariaLabels={{ tableLabel: 'Trails' }}
    header={
      <Header variant="h2" counter={`(${trails.length})`}>
        Trails, by account and Region
      </Header>
    }
    empty={isRunning ? 'None is finished yet.' : 'No trail was verified.'}
    columnDefinitions={trailColumns}
  />
)

const trailColumns = [
  {
    id: 'name',
    header: 'Trail',
    isRowHeader: true,
    minWidth: 140,
    cell: (trail: ApiVerifiedTrail) => <UntrustedText text={trailName(trail)} />,
  },
  { id: 'account', header: 'Account', minWidth: 130, cell: ({ account }: ApiVerifiedTrail) => account },
  {
    id: 'region',
    header: 'Region',
    minWidth: 120,
    cell: ({ region }: ApiVerifiedTrail) => <UntrustedText text={region} />,
  },
  {
    id: 'outcome',
    header: 'Outcome',
    minWidth: 140,
    cell: ({ outcome }: ApiVerifiedTrail) => {
      const { type, text } = outcomeWords[outcome]
      return <StatusIndicator type={type}>{text}</StatusIndicator>
    },
  },
  { id: 'digests', header: 'Digests', minWidth: 140, cell: ({ digests }: ApiVerifiedTrail) => ratioText(digests) },
  { id: 'files', header: 'Log files', minWidth: 140, cell: ({ logFiles }: ApiVerifiedTrail) => ratioText(logFiles) },
]

/** What was found, of all trails. */
export function FindingsTable({ trails }: Trails) {
  const { rows, leftOut } = findingRows(trails)
  return (
    <Table
      items={rows}
      trackBy="id"
      wrapLines
      ariaLabels={{ tableLabel: 'Findings' }}
      header={
        <Header
          variant="h2"
          counter={`(${rows.length + leftOut})`}
          {...(leftOut > 0 && {
            description: `${leftOut.toLocaleString('en')} of them are not shown; "opentrail open --verify --format json" has more.`,
          })}
        >
          Findings
        </Header>
      }
      empty="Nothing was found so far."
      columnDefinitions={findingColumns}
    />
  )
}

const severities: Readonly<Record<ApiVerificationFinding['severity'], 'error' | 'warning' | 'info'>> = {
  invalid: 'error',
  gap: 'warning',
  notice: 'info',
}

const findingColumns = [
  {
    id: 'kind',
    header: 'Kind',
    isRowHeader: true,
    minWidth: 180,
    cell: ({ kind, severity }: FindingRow) => <StatusIndicator type={severities[severity]}>{kind}</StatusIndicator>,
  },
  {
    id: 'sentence',
    header: 'What it is',
    minWidth: 260,
    cell: ({ sentence }: FindingRow) => <UntrustedText text={sentence} />,
  },
  { id: 'object', header: 'Object', minWidth: 260, cell: ({ object }: FindingRow) => <UntrustedText text={object} /> },
]
