import { applyDensity, applyMode, Density, Mode } from '@cloudscape-design/global-styles'
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react'

/** How one likes to see things: kept by the browser, and all that is kept beside the session of a link. */
export interface Settings {
  readonly theme: 'light' | 'dark' | 'system'
  readonly density: 'comfortable' | 'compact'
  readonly timeZone: 'local' | 'utc'
  /** Empty: all of them. */
  readonly region: string
  /** Empty: the own one; `*`: all. */
  readonly account: string
  /** Events that consoles and our API make by looking are not shown. */
  readonly hidesReading: boolean
  readonly pageSize: number
  /** Of the event history, in their order. */
  readonly columns: readonly string[]
  readonly wrapsLines: boolean
}

const initial: Settings = {
  theme: 'system',
  density: 'comfortable',
  timeZone: 'local',
  region: '',
  account: '',
  hidesReading: true,
  pageSize: 50,
  columns: ['eventName', 'eventTime', 'username', 'eventSource', 'resourceType', 'resourceName'],
  wrapsLines: false,
}

const storageKey = 'opentrail.settings'

export interface SettingsContext {
  readonly settings: Settings
  change(changes: Partial<Settings>): void
}
const Context = createContext<SettingsContext>({ settings: initial, change: () => {} })

export const useSettings = (): SettingsContext => use(Context)

export function SettingsProvider({ children }: { readonly children: ReactNode }) {
  const [settings, set] = useState(readSettings)
  const isDark = useIsDark(settings.theme)
  useEffect(() => applyMode(isDark ? Mode.Dark : Mode.Light), [isDark])
  useEffect(
    () => applyDensity(settings.density === 'compact' ? Density.Compact : Density.Comfortable),
    [settings.density],
  )
  useEffect(() => writeSettings(settings), [settings])
  const context = useMemo(
    () => ({ settings, change: (changes: Partial<Settings>) => set((before) => ({ ...before, ...changes })) }),
    [settings],
  )
  return <Context value={context}>{children}</Context>
}

function useIsDark(theme: Settings['theme']): boolean {
  const [systemIsDark, set] = useState(() => darkQuery().matches)
  useEffect(() => {
    const query = darkQuery()
    const changed = () => set(query.matches)
    query.addEventListener('change', changed)
    return () => query.removeEventListener('change', changed)
  }, [])
  return theme === 'dark' || (theme === 'system' && systemIsDark)
}

const darkQuery = (): MediaQueryList => matchMedia('(prefers-color-scheme: dark)')

/** What was kept by an older or newer console counts only as far as it is of the same kind. */
function readSettings(): Settings {
  try {
    const kept = JSON.parse(localStorage.getItem(storageKey) ?? '{}') as Record<string, unknown>
    const same = Object.entries(initial).filter(([name, value]) => {
      const own = kept[name]
      return typeof own === typeof value && Array.isArray(own) === Array.isArray(value)
    })
    return { ...initial, ...Object.fromEntries(same.map(([name]) => [name, kept[name]])) }
  } catch {
    return initial
  }
}

function writeSettings(settings: Settings): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(settings))
  } catch {
    // A browser that keeps nothing: the settings hold until the page is left.
  }
}
