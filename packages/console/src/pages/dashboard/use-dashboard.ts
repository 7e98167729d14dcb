import type { ApiCounts, ApiTopValues } from '@opentrail/core/api'
import type { SearchAttribute, SearchExpression } from '@opentrail/core/search'
import { useQuery } from '@tanstack/react-query'
import { useSession } from '../../shell/session.tsx'
import { useSettings } from '../../shell/settings.tsx'
import { askedSearch, searchText } from './dashboard-searches.ts'

/** Asked again by itself: a dashboard may stay open. */
const refreshMs = 60_000

function useAsked(from: string, parts: readonly SearchExpression[]) {
  const { scope } = useSession()
  const { settings } = useSettings()
  return { where: askedSearch(searchText(...parts), settings.hidesReading), from, ...scope }
}

export function useTopValues(
  attribute: SearchAttribute,
  from: string,
  parts: readonly SearchExpression[],
  limit: number,
) {
  const { client } = useSession()
  const parameters = { ...useAsked(from, parts), attribute, limit }
  return useQuery({
    queryKey: ['dashboard-values', parameters],
    refetchInterval: refreshMs,
    queryFn: ({ signal }) => client.get<ApiTopValues>('/api/v1/events/values', parameters, signal),
  })
}

export function useCounts(from: string, bucket: number, parts: readonly SearchExpression[]) {
  const { client } = useSession()
  const parameters = { ...useAsked(from, parts), bucket }
  return useQuery({
    queryKey: ['dashboard-counts', parameters],
    refetchInterval: refreshMs,
    queryFn: ({ signal }) => client.get<ApiCounts>('/api/v1/events/histogram', parameters, signal),
  })
}

export interface ServerHealth {
  readonly isHealthy: boolean
  /** Why it is not ready; empty: it is. */
  readonly reasons: readonly string[]
}

/** What the server says of itself, to everybody. */
export function useServerHealth() {
  return useQuery({
    queryKey: ['server-health'],
    refetchInterval: refreshMs,
    retry: false,
    queryFn: async ({ signal }): Promise<ServerHealth> => {
      const [health, ready] = await Promise.all(
        ['/health', '/ready'].map((path) => fetch(path, { signal, credentials: 'omit' })),
      )
      return { isHealthy: health?.ok ?? false, reasons: ready?.ok ? [] : reasonsOf(await ready?.text()) }
    },
  })
}

function reasonsOf(body = ''): string[] {
  try {
    const { reasons } = JSON.parse(body) as { reasons?: unknown }
    if (Array.isArray(reasons) && reasons.length > 0) return reasons.map(String)
  } catch {
    // Whatever stands between has answered.
  }
  return ['it does not say why']
}
