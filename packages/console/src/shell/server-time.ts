import { useMemo } from 'react'
import { useSession } from './session.tsx'

/** What the server's clock is ahead of this machine's, in ms: on a test server it is virtual. */
export function useAheadMs(): number {
  const { session } = useSession()
  return useMemo(() => Date.parse(session.server.now) - Date.now(), [session.server.now])
}
