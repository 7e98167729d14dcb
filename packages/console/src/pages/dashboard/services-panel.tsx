import type { ApiTopValues } from '@opentrail/core/api'
import Link from '@cloudscape-design/components/link'
import Spinner from '@cloudscape-design/components/spinner'
import { useQueries } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import type { ApiCounts } from '@opentrail/core/api'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { hrefOf } from '../../shell/place.ts'
import { useAheadMs } from '../../shell/server-time.ts'
import { useSession } from '../../shell/session.tsx'
import { useSettings } from '../../shell/settings.tsx'
import { askedSearch, bucketSeconds, having, searchText, stackedSeries } from './dashboard-searches.ts'
import { Panel } from './panel.tsx'
import { useCounts, useTopValues } from './use-dashboard.ts'

const ServicesChart = lazy(() => import('./services-chart.tsx'))

/** Colours that can be told apart; the rest is one more. */
const servicesShown = 5

/** Events over time, by service. */
export function ServicesPanel({ from, spanMs }: { readonly from: string; readonly spanMs: number }) {
  const bucket = bucketSeconds(spanMs)
  const all = useCounts(from, bucket, [])
  const services = useTopValues('eventSource', from, [], servicesShown)
  return (
    <Panel title="Events by service" wide query={{ ...services, error: services.error ?? all.error }}>
      {(values) => all.data && <Chart from={from} spanMs={spanMs} all={all.data} services={values} bucket={bucket} />}
    </Panel>
  )
}

function Chart({
  from,
  spanMs,
  all,
  services,
  bucket,
}: {
  readonly from: string
  readonly spanMs: number
  readonly all: ApiCounts
  readonly services: ApiTopValues
  readonly bucket: number
}) {
  const { client, scope } = useSession()
  const { settings } = useSettings()
  const layers = useQueries({
    queries: services.values.map(({ value }) => {
      const where = askedSearch(searchText(having('eventSource', value)), settings.hidesReading)
      const parameters = { where, from, bucket, ...scope }
      return {
        queryKey: ['dashboard-counts', parameters],
        queryFn: ({ signal }: { signal: AbortSignal }) =>
          client.get<ApiCounts>('/api/v1/events/histogram', parameters, signal),
      }
    }),
  })
  const now = Date.now() + useAheadMs()
  const error = layers.find((layer) => layer.error)?.error
  if (error) return <FailureAlert error={error} />
  const known = layers.flatMap(({ data }, index) => {
    const name = services.values[index]?.value
    return data && name !== undefined ? [{ name, counts: data }] : []
  })
  if (known.length < services.values.length) return <Spinner />
  return (
    <Suspense fallback={<Spinner />}>
      <ServicesChart
        series={stackedSeries(all, known, now - spanMs, now)}
        bucketSeconds={all.bucketSeconds}
        timeZone={settings.timeZone}
        linkOf={(service, start) => (
          <Link
            href={hrefOf('/events', {
              where: searchText(having('eventSource', service)),
              from: start.toISOString(),
              to: new Date(start.getTime() + all.bucketSeconds * 1_000 - 1_000).toISOString(),
            })}
          >
            {service}
          </Link>
        )}
      />
    </Suspense>
  )
}
