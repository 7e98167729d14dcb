import type { ApiCounts } from '@opentrail/core/api'
import { useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import type { Settings } from '../../shell/settings.tsx'
import { timeText } from '../../text/times.ts'
import { barsOf, type Bar } from './histogram-scale.ts'
import { secondsText, type TimeRange } from './time-range.ts'

const height = 96
const barsHeight = 92

interface Choice {
  readonly anchor: number
  readonly end: number
}

/**
 * How many events there were, over time. Dragging over bars narrows the time to them; by keyboard the arrows move, with Shift they choose,
 * and Enter narrows.
 */
export function Histogram({
  counts,
  from,
  to,
  timeZone,
  onNarrow,
}: {
  readonly counts: ApiCounts
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly to: number
  readonly timeZone: Settings['timeZone']
  readonly onNarrow: (range: TimeRange) => void
}) {
  const bars = barsOf(counts, from, to)
  const [choice, setChoice] = useState<Choice>()
  const [isDragging, setDragging] = useState(false)
  const drawing = useRef<SVGSVGElement>(null)
  const most = Math.max(1, ...bars.map(({ count }) => count))
  const last = bars.length - 1
  const barAt = (event: PointerEvent): number => {
    const { left, width } = drawing.current!.getBoundingClientRect()
    return clamp(Math.floor(((event.clientX - left) / Math.max(1, width)) * bars.length), last)
  }
  const narrow = (chosen: Choice) => {
    const [first, end] = ordered(chosen)
    setChoice(undefined)
    const [start, stop] = [bars[first], bars[end]]
    // The API's bounds are both inclusive, bars end before the next begins.
    if (start && stop)
      onNarrow({ from: secondsText(new Date(start.start)), to: secondsText(new Date(stop.end - 1_000)) })
  }
  const press = (event: KeyboardEvent) => {
    const at = choice?.end ?? last
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -bars.length, End: bars.length }[
      event.key
    ]
    if (step !== undefined) {
      const end = clamp(at + (choice ? step : 0), last)
      setChoice({ anchor: event.shiftKey ? (choice?.anchor ?? at) : end, end })
    } else if (event.key === 'Enter' && choice) narrow(choice)
    else if (event.key === 'Escape') setChoice(undefined)
    else return
    event.preventDefault()
  }
  const [first, end] = choice ? ordered(choice) : [last, last]
  const spoken = spokenChoice(bars.slice(first, end + 1), timeZone)
  return (
    <div>
      <svg
        ref={drawing}
        className="histogram"
        viewBox={`0 0 ${bars.length} ${height}`}
        preserveAspectRatio="none"
        role="slider"
        tabIndex={0}
        aria-label="Events over time. Arrows move, with Shift they choose a range, Enter narrows to it."
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={end}
        aria-valuetext={spoken}
        onKeyDown={press}
        onBlur={() => setChoice(undefined)}
        onPointerDown={(event) => {
          const at = barAt(event)
          event.currentTarget.setPointerCapture(event.pointerId)
          setDragging(true)
          setChoice({ anchor: at, end: at })
        }}
        onPointerMove={(event) => {
          if (isDragging) setChoice({ anchor: choice?.anchor ?? barAt(event), end: barAt(event) })
        }}
        onPointerUp={() => {
          setDragging(false)
          if (choice && choice.anchor !== choice.end) narrow(choice)
        }}
      >
        {choice && <rect className="chosen" x={first} y={0} width={end - first + 1} height={barsHeight} />}
        {bars.map(({ start, count }, i) => {
          const size = count === 0 ? 0 : Math.max(2, (count / most) * barsHeight)
          return <rect key={start} className="bar" x={i + 0.08} y={barsHeight - size} width={0.84} height={size} />
        })}
        <line
          className="axis"
          x1={0}
          x2={bars.length}
          y1={barsHeight}
          y2={barsHeight}
          vectorEffect="non-scaling-stroke"
        />
        {choice && (
          <line
            className="cursor"
            x1={choice.end + 0.5}
            x2={choice.end + 0.5}
            y1={0}
            y2={barsHeight}
            vectorEffect="non-scaling-stroke"
          />
        )}
      </svg>
      <div className="histogram-labels">
        <span>{timeText(new Date(from).toISOString(), timeZone)}</span>
        <span aria-live="polite">{choice ? spoken : `most: ${most.toLocaleString()} in ${lengthText(bars)}`}</span>
        <span>{timeText(new Date(to).toISOString(), timeZone)}</span>
      </div>
    </div>
  )
}

const clamp = (index: number, last: number): number => Math.min(last, Math.max(0, index))
const ordered = ({ anchor, end }: Choice): [number, number] => [Math.min(anchor, end), Math.max(anchor, end)]

function spokenChoice(chosen: readonly Bar[], timeZone: Settings['timeZone']): string {
  const [first] = chosen
  const last = chosen.at(-1)
  if (!first || !last) return ''
  const time = (ms: number) => timeText(new Date(ms).toISOString(), timeZone)
  const total = chosen.reduce((sum, { count }) => sum + count, 0)
  return `${time(first.start)} to ${time(last.end)}: ${total.toLocaleString()} events`
}

/** `5 minutes` */
function lengthText([first]: readonly Bar[]): string {
  const seconds = first ? Math.round((first.end - first.start) / 1_000) : 0
  const [unit, length] = (
    [
      ['day', 86_400],
      ['hour', 3_600],
      ['minute', 60],
    ] as const
  ).find(([, size]) => seconds >= size) ?? ['second', 1]
  const amount = Math.round((seconds / length) * 10) / 10
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`
}
