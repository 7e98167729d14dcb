import { useEffect, useRef } from 'react'

/** What a key does, or two of them one after the other: `g h`. */
export type Shortcuts = Readonly<Record<string, () => void>>

/** The second key of a pair comes within this time. */
const pairMs = 1_500

/** Keys that do something as long as nobody writes anything, on the page as a whole. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const current = useRef(shortcuts)
  useEffect(() => {
    current.current = shortcuts
  })
  useEffect(() => {
    let first: { readonly key: string; readonly at: number } | undefined
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return
      const pair = first && event.timeStamp - first.at < pairMs ? `${first.key} ${event.key}` : undefined
      first = { key: event.key, at: event.timeStamp }
      const act = (pair !== undefined && current.current[pair]) || current.current[event.key]
      if (!act) return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', pressed)
    return () => document.removeEventListener('keydown', pressed)
  }, [])
}

const isWriting = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) ||
    target.closest('[role="dialog"]') !== null)
