import type { ApiDigest } from '@opentrail/core/api'
import { useEffect, useRef, useState } from 'react'
import type { Settings } from '../../shell/settings.tsx'
import { timeText } from '../../text/times.ts'
import { boxSize, chainPicture, chainSentence, stateWords, type ChainBox } from './digest-chain.ts'

const { width: boxWidth, height: boxHeight, gap } = boxSize

/** One box per digest, oldest first. States differ by outline, sign and word; the table below has the same for those who do not see it. */
export function ChainDrawing({
  digests,
  hasOlder,
  timeZone,
}: {
  readonly digests: readonly ApiDigest[]
  readonly hasOlder: boolean
  readonly timeZone: Settings['timeZone']
}) {
  const frame = useRef<HTMLDivElement>(null)
  const width = useWidth(frame)
  const picture = chainPicture(digests, width, hasOlder)
  return (
    <div ref={frame} className="chain">
      <svg
        role="img"
        aria-label={chainSentence(picture)}
        width={picture.width}
        height={picture.height}
        viewBox={`0 0 ${picture.width} ${picture.height}`}
      >
        {picture.boxes.map((box, index) => (
          <g key={box.digest.key} transform={`translate(${box.x} ${box.y})`}>
            <Link box={box} isFirst={index === 0} />
            <Box digest={box.digest} timeZone={timeZone} />
          </g>
        ))}
      </svg>
    </div>
  )
}

function useWidth(frame: React.RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(800)
  useEffect(() => {
    const element = frame.current
    if (!element) return undefined
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width))
    observer.observe(element)
    return () => observer.disconnect()
  }, [frame])
  return width
}

/** What joins a box to the one before it: a line, a line that is cut, or a beginning. */
function Link({ box: { link }, isFirst }: { readonly box: ChainBox; readonly isFirst: boolean }) {
  const middle = boxHeight / 2
  if (link === 'begins') return <circle className="link-begins" cx={-8} cy={middle} r={4} />
  if (link === 'broken')
    return (
      <g className="link-broken">
        <path d={`M${-gap} ${middle} h10 M-10 ${middle} h10`} />
        <path d={`M-21 ${middle - 7} l8 14 M-13 ${middle - 7} l-8 14`} />
      </g>
    )
  return <path className={`link-${link}`} d={`M${isFirst ? -14 : -gap} ${middle} H0`} />
}

const signs: Readonly<Record<ApiDigest['state'], string>> = { valid: '✓', invalid: '✕', missing: '∅', unknown: '?' }

function Box({ digest, timeZone }: { readonly digest: ApiDigest; readonly timeZone: Settings['timeZone'] }) {
  const { state, files, end } = digest
  const text = timeText(end, timeZone)
  return (
    <g className={`digest digest-${state}`}>
      <title>{`${timeText(digest.start, timeZone)} – ${text}: ${stateWords[state]}. ${digest.why ?? ''}`}</title>
      <path d={outlines[state]} />
      <text x={boxWidth / 2} y={18} className="digest-time">
        {text.slice(5, 16)}
      </text>
      <text x={boxWidth / 2} y={36} className="digest-state">
        {signs[state]} {stateWords[state]}
      </text>
      <text x={boxWidth / 2} y={53} className="digest-files">
        {files === 1 ? '1 file' : `${files} files`}
      </text>
    </g>
  )
}

const cut = 12
/** A rectangle; with its corners cut off; torn at its lower edge; rounded. */
const outlines: Readonly<Record<ApiDigest['state'], string>> = {
  valid: `M0 0 H${boxWidth} V${boxHeight} H0 Z`,
  invalid: `M${cut} 0 H${boxWidth - cut} L${boxWidth} ${cut} V${boxHeight - cut} L${boxWidth - cut} ${boxHeight} H${cut} L0 ${boxHeight - cut} V${cut} Z`,
  missing: `M0 0 H${boxWidth} V${boxHeight} l-11.5 -6 l-11.5 6 l-11.5 -6 l-11.5 6 l-11.5 -6 l-11.5 6 l-11.5 -6 l-11.5 6 Z`,
  unknown: `M16 0 H${boxWidth - 16} a16 16 0 0 1 16 16 V${boxHeight - 16} a16 16 0 0 1 -16 16 H16 a16 16 0 0 1 -16 -16 V16 a16 16 0 0 1 16 -16 Z`,
}
