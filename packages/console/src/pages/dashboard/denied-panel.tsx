import Box from '@cloudscape-design/components/box'
import { hrefOf } from '../../shell/place.ts'
import { timelineHref } from '../timelines/timeline-places.ts'
import { denied, having, searchText } from './dashboard-searches.ts'
import { Panel } from './panel.tsx'
import { useTopValues } from './use-dashboard.ts'
import { ValueBars } from './value-bars.tsx'

const valuesShown = 8

/** Calls that were not allowed, by who made them: a key that tries doors stands out. */
export function DeniedPanel({ from }: { readonly from: string }) {
  const query = useTopValues('username', from, [denied], valuesShown)
  return (
    <Panel title="Denied calls, by user" query={query}>
      {({ values }) =>
        values.length === 0 ? (
          <Box color="text-body-secondary">No call was denied.</Box>
        ) : (
          <ValueBars
            label="Denied calls, by user"
            values={values}
            nameHrefOf={(value) => timelineHref('identity', value)}
            hrefOf={(value) => hrefOf('/events', { where: searchText(denied, having('username', value)), from })}
          />
        )
      }
    </Panel>
  )
}
