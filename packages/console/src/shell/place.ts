import { useSyncExternalStore } from 'react'

/**
 * Where in the console one is: the part of the address behind `#`, as `#/events?where=...`. It never leaves the browser, so what is
 * searched for stands in no server's or proxy's log.
 */
export interface Place {
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
}

type Given = Readonly<Record<string, string | undefined>>

export const hrefOf = (path: string, parameters: Given = {}): string => {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => !!entry[1])
  const query = new URLSearchParams(given).toString()
  return query === '' ? `#${path}` : `#${path}?${query}`
}

export function readPlace(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#/, '').split(/\?(.*)/s)
  return { path: path.startsWith('/') ? path : '/events', parameters: Object.fromEntries(new URLSearchParams(query)) }
}

/** `replace`: the place before is not come back to. */
export function goTo(path: string, parameters: Given = {}, { replace = false } = {}): void {
  const href = hrefOf(path, parameters)
  if (!replace) {
    location.hash = href
    return
  }
  history.replaceState(null, '', href)
  window.dispatchEvent(new HashChangeEvent('hashchange'))
}

export function usePlace(): Place {
  return readPlace(useSyncExternalStore(subscribe, () => location.hash))
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('hashchange', changed)
  return () => window.removeEventListener('hashchange', changed)
}
