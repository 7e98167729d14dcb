import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Link from '@cloudscape-design/components/link'
import Spinner from '@cloudscape-design/components/spinner'
import type { SearchExpression } from '@opentrail/core/search'
import { hrefOf } from '../../shell/place.ts'
import { denied, failures, having, searchText } from './dashboard-searches.ts'
import { useCounts } from './use-dashboard.ts'

const dayAndNight = 86_400
const root = having('username', 'root')
const writes: SearchExpression = { kind: 'attribute', attribute: 'readOnly', values: ['false'] }

export const NumbersPanel = ({ from }: { readonly from: string }) => (
  <div className="wide">
    <Container>
      <KeyValuePairs
        columns={5}
        items={[
          { label: 'Events', value: <Count from={from} parts={[]} /> },
          { label: 'That change something', value: <Count from={from} parts={[writes]} /> },
          { label: 'Failed', value: <Count from={from} parts={[failures]} /> },
          { label: 'Denied', value: <Count from={from} parts={[denied]} /> },
          { label: 'By the root user', value: <Count from={from} parts={[root]} /> },
        ]}
      />
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
