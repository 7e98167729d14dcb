import type { Credentials } from './credentials.ts'

const storageKey = 'opentrail.session'

/**
 * A link works once, so that its session has to outlive a reload of the page: it is kept in the tab's own storage, which ends with the tab.
 * Keys that were typed in are never kept.
 */
export function keepSession(credentials: Credentials | undefined): void {
  try {
    if (credentials?.sessionToken === undefined) sessionStorage.removeItem(storageKey)
    else sessionStorage.setItem(storageKey, JSON.stringify(credentials))
  } catch {
    // A browser that keeps nothing: the session holds until the page is left.
  }
}

export function keptSession(now: number): Credentials | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(storageKey) ?? 'null') as Credentials | null
    return kept?.sessionToken !== undefined && Date.parse(kept.expiresAt ?? '') > now ? kept : undefined
  } catch {
    return undefined
  }
}
