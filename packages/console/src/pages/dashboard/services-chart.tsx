import BarChart from '@cloudscape-design/components/bar-chart'
import Box from '@cloudscape-design/components/box'
import type { ReactNode } from 'react'
import type { Settings } from '../../shell/settings.tsx'
import { timeText } from '../../text/times.ts'
import { restName, type Series } from './dashboard-searches.ts'

const dayAndNight = 86_400

/** Of its own chunk: charts are as large as all that is shown first. */
export default function ServicesChart({
  series,
  bucketSeconds,
  timeZone,
  linkOf,
}: {
  readonly series: readonly Series[]
  readonly bucketSeconds: number
  readonly timeZone: Settings['timeZone']
  readonly linkOf: (service: string, start: Date) => ReactNode
}) {
  const tick = (start: Date) => {
    const text = timeText(start.toISOString(), timeZone)
    return bucketSeconds >= dayAndNight ? text.slice(5, 10) : text.slice(5, 16).replace(' ', '\n')
  }
  return (
    <BarChart
      stackedBars
      height={220}
      hideFilter
      ariaLabel="Events over time, by service"
      xTitle={`Time, bars of ${lengthText(bucketSeconds)}`}
      yTitle="Events"
      xScaleType="categorical"
      series={series.map(({ name, points }) => ({ type: 'bar', title: name, data: points }))}
      i18nStrings={{ xTickFormatter: tick, yTickFormatter: (count) => count.toLocaleString() }}
      detailPopoverSeriesContent={({ series: own, x, y }) => ({
        key: own.title === restName ? own.title : linkOf(own.title, x),
        value: y.toLocaleString(),
      })}
      empty={<Box>There were no events in this time.</Box>}
    />
  )
}

const lengthText = (seconds: number): string => {
  if (seconds >= dayAndNight) return seconds === dayAndNight ? 'a day' : `${seconds / dayAndNight} days`
  if (seconds >= 3_600) return seconds === 3_600 ? 'an hour' : `${seconds / 3_600} hours`
  return seconds === 60 ? 'a minute' : `${seconds / 60} minutes`
}
