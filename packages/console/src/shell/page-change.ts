import { useEffect } from 'react'
import { visibleText } from '../text/hidden-characters.ts'
import type { Place } from './place.ts'

const names: Readonly<Record<string, string>> = {
  events: 'Event history',
  ask: 'Ask',
  timelines: 'Timelines',
  dashboard: 'Dashboard',
  trails: 'Trails',
  start: 'Send events',
  verification: 'Verification',
}

/** What tabs, bookmarks and the browser's history call the page: `Who was it? – Ask – OpenTrail`. */
export function titleOf({ path, parameters }: Place): string {
  const [, page = '', subject = ''] = path.split('/')
  const about = parameters['question'] ?? parameters['name'] ?? parameters['where'] ?? subject
  const parts = [about.slice(0, aboutMax), names[page] ?? 'Event history', 'OpenTrail']
  return visibleText(parts.filter((part) => part !== '').join(' – '))
}

/** A tab shows less; a list of bookmarks hardly more. */
const aboutMax = 80

export function usePageTitle(place: Place): void {
  const title = titleOf(place)
  useEffect(() => {
    document.title = title
    return () => {
      document.title = 'OpenTrail'
    }
  }, [title])
}

/** Keyboard and screen reader go on in the new page where what was focused went with the old one. */
export function useKeptFocus(path: string): void {
  useEffect(() => {
    if (document.activeElement !== document.body) return
    document.querySelector<HTMLElement>('#page')?.focus({ preventScroll: true })
  }, [path])
}
