import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import Link from '@cloudscape-design/components/link'
import Spinner from '@cloudscape-design/components/spinner'
import type { SearchExpression } from '@opentrail/core/search'
import { hrefOf } from '../../shell/place.ts'
import { denied, failures, having, searchText } from './dashboard-searches.ts'
import { useCounts } from './use-dashboard.ts'

const dayAndNight = 86_400
const root = having('username', 'root')
const writes: SearchExpression = { kind: 'attribute', attribute: 'readOnly', values: ['false'] }

const numbers = [
  ['Events', []],
  ['That change something', [writes]],
  ['Failed', [failures]],
  ['Denied', [denied]],
  ['By the root user', [root]],
] as const

export const NumbersPanel = ({ from }: { readonly from: string }) => (
  <div className="wide">
    <Container>
      <dl className="numbers">
        {numbers.map(([label, parts]) => (
          <div key={label}>
            <dt>
              <Box variant="awsui-key-label">{label}</Box>
            </dt>
            <dd>
              <Count from={from} parts={parts} />
            </dd>
          </div>
        ))}
      </dl>
    </Container>
  </div>
)

function Count({ from, parts }: { readonly from: string; readonly parts: readonly SearchExpression[] }) {
  const { data, error } = useCounts(from, dayAndNight, parts)
  if (error) return <Box color="text-status-error">Not known: {error.message}</Box>
  if (!data) return <Spinner />
  return (
    <Link variant="awsui-value-large" href={hrefOf('/events', { where: searchText(...parts), from })}>
      {data.total.toLocaleString()}
      {data.searchedTo !== undefined && '+'}
    </Link>
  )
}
