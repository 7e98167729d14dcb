import type { ApiEvent } from '@opentrail/core/api'
import ButtonDropdown from '@cloudscape-design/components/button-dropdown'
import { partsOf } from '../../text/hidden-characters.ts'
import { timelinesOf } from './timeline-places.ts'

/** From an event to the timelines that it is part of. */
export function TimelineLinks({ event }: { readonly event: ApiEvent }) {
  const links = timelinesOf(event)
  if (links.length === 0) return null
  return (
    <ButtonDropdown items={links.map(({ text, href }) => ({ id: href, text: visibleText(text), href }))}>
      Timelines
    </ButtonDropdown>
  )
}

/** A menu takes text only: hidden characters are named in it. */
const visibleText = (text: string): string =>
  partsOf(text)
    .map((part) => (part.kind === 'hidden' ? `[${part.text}]` : part.text))
    .join('')
