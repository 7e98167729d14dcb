import type { WireRequest } from '../auth/index.ts'
import type { Answer, Exchange } from './exchange.ts'

export interface Route {
  /** GET routes answer HEAD too. `*` takes every method. */
  readonly method: string
  /** Compared with the path as it stands on the wire. */
  readonly path: string
  /** `prefix`: everything that starts with `path`; the longest wins, exact paths come first. `rest`: what no other has. */
  readonly match?: 'exact' | 'prefix' | 'rest'
  /** Overrides the server's limit. */
  readonly bodyBytesMax?: number
  /**
   * Takes every request of which it says yes, before any path is compared; `path` is then only its name. For a protocol whose
   * paths are its users' own.
   */
  claims?(request: WireRequest): boolean
  handle(exchange: Exchange): Promise<void> | void
}

export type Found =
  | { readonly kind: 'route'; readonly route: Route }
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[] }
  | { readonly kind: 'none' }

export function createRouteTable(routes: readonly Route[]): (request: WireRequest, path: string) => Found {
  const claiming = routes.filter((route) => route.claims)
  const byPath = routes.filter((route) => !route.claims)
  const exact = Map.groupBy(
    byPath.filter((route) => route.match === undefined || route.match === 'exact'),
    (route) => route.path,
  )
  const prefixes = byPath.filter((route) => route.match === 'prefix').sort((a, b) => b.path.length - a.path.length)
  const rest = byPath.find((route) => route.match === 'rest')
  return (request, path) => {
    const { method } = request
    const claimed = claiming.find((route) => route.claims?.(request) && takes(route, method))
    if (claimed) return { kind: 'route', route: claimed }
    const candidates = [...(exact.get(path) ?? []), ...prefixes.filter((route) => path.startsWith(route.path))]
    const route = candidates.find((candidate) => takes(candidate, method))
    if (route) return { kind: 'route', route }
    if (candidates.length === 0) return rest ? { kind: 'route', route: rest } : { kind: 'none' }
    return { kind: 'wrong-method', allowed: [...new Set(candidates.flatMap(methodsOf))] }
  }
}

const takes = (route: Route, method: string): boolean => route.method === '*' || methodsOf(route).includes(method)
const methodsOf = ({ method }: Route): string[] => (method === 'GET' ? ['GET', 'HEAD'] : [method])

/** The error form of routes that have no protocol of their own. */
export const jsonError = (status: number, code: string, message: string, at?: number): Answer => ({
  status,
  headers: {
    'Content-Type': 'application/json',
    'x-amzn-ErrorType': code,
    ...(status === 503 && { 'Retry-After': retryAfterSeconds }),
  },
  body: JSON.stringify({ __type: code, Message: message, ...(at !== undefined && { at }) }),
})

/** What is not possible at the moment mostly is a second later: an index that was behind, an engine that starts. */
const retryAfterSeconds = '1'
