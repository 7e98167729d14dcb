import Box from '@cloudscape-design/components/box'
import type { SearchAttribute, SearchExpression } from '@opentrail/core/search'
import { hrefOf } from '../../shell/place.ts'
import { timelineHref } from '../timelines/timeline-places.ts'
import { having, searchText } from './dashboard-searches.ts'
import { Panel } from './panel.tsx'
import { useTopValues } from './use-dashboard.ts'
import { ValueBars } from './value-bars.tsx'

const valuesShown = 8

/** The most frequent values of an attribute among some events. */
export function TopPanel({
  title,
  attribute,
  from,
  parts,
  empty,
}: {
  readonly title: string
  readonly attribute: SearchAttribute
  readonly from: string
  readonly parts: readonly SearchExpression[]
  readonly empty: string
}) {
  const query = useTopValues(attribute, from, parts, valuesShown)
  return (
    <Panel title={title} query={query}>
      {({ values }) =>
        values.length === 0 ? (
          <Box color="text-body-secondary">{empty}</Box>
        ) : (
          <ValueBars
            label={title}
            values={values}
            nameHrefOf={attribute === 'username' ? (value) => timelineHref('identity', value) : undefined}
            hrefOf={(value) => hrefOf('/events', { where: searchText(having(attribute, value)), from })}
          />
        )
      }
    </Panel>
  )
}
