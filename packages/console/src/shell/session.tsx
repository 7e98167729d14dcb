import type { ApiSession } from '@opentrail/core/api'
import { useQueryClient } from '@tanstack/react-query'
import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react'
import type { ApiClient } from '../api/client.ts'
import { keepSession, keptSession } from '../auth/kept-session.ts'
import { clientOf, resume, signInByLink, takeLinkToken, type SignedIn } from '../auth/sign-in.ts'
import { SignInPage } from '../auth/sign-in-page.tsx'
import { useSettings } from './settings.tsx'

export interface SessionContext {
  readonly session: ApiSession
  readonly client: ApiClient
  /** Query parameters for what the top of the page says: accounts and Regions. */
  readonly scope: { readonly accounts?: string; readonly regions?: string }
  signOut(): void
}
const Context = createContext<SessionContext | undefined>(undefined)

/** @throws {Error} outside of a session */
export function useSession(): SessionContext {
  const context = use(Context)
  if (!context) throw new Error('nobody is signed in')
  return context
}

type State =
  | { readonly kind: 'opening' }
  | { readonly kind: 'signed-out'; readonly notice?: string }
  | ({ readonly kind: 'signed-in' } & SignedIn)

const ended = 'Your session has ended. Sign in again to come back to where you were.'
const refused = (failure: Error) =>
  `The server does not take this key any more (${failure.message}). Sign in again to come back to where you were.`
/** Where sessions that were kept sign their first request: the server takes any of its Regions, and tells them then. */
const lastRegionKey = 'opentrail.region'

/** Shows the sign-in page to whom has not signed in, and comes back to the same place afterwards. */
export function SessionGate({ children }: { readonly children: ReactNode }) {
  const [state, setState] = useState<State>({ kind: 'opening' })
  const queries = useQueryClient()
  const enter = useCallback((signedIn: SignedIn) => {
    keepSession(signedIn.credentials)
    sessionStorage.setItem(lastRegionKey, signedIn.session.region)
    setState({ kind: 'signed-in', ...signedIn })
  }, [])
  const leave = useCallback(
    (notice?: string) => {
      keepSession(undefined)
      queries.clear()
      setState({ kind: 'signed-out', ...(notice !== undefined && { notice }) })
    },
    [queries],
  )
  useEffect(() => {
    const open = async () => {
      const token = takeLinkToken()
      const kept = keptSession(Date.now())
      if (token === undefined && !kept) return leave()
      try {
        enter(
          token === undefined
            ? await resume(kept!, sessionStorage.getItem(lastRegionKey) ?? 'us-east-1')
            : await signInByLink(token),
        )
      } catch (error) {
        leave(error instanceof Error && token !== undefined ? error.message : ended)
      }
    }
    void open()
  }, [enter, leave])

  if (state.kind === 'opening') return null
  if (state.kind === 'signed-out') return <SignInPage notice={state.notice} onSignedIn={enter} />
  return (
    <SignedInSession signedIn={state} leave={leave}>
      {children}
    </SignedInSession>
  )
}

function SignedInSession({
  signedIn: { credentials, session },
  leave,
  children,
}: {
  readonly signedIn: SignedIn
  readonly leave: (notice?: string) => void
  readonly children: ReactNode
}) {
  const { settings } = useSettings()
  const client = useMemo(
    () =>
      clientOf(credentials, session.region, (failure) =>
        leave(credentials.sessionToken === undefined ? refused(failure) : ended),
      ),
    [credentials, session.region, leave],
  )
  useEffect(() => {
    if (credentials.expiresAt === undefined) return undefined
    const timer = setTimeout(() => leave(ended), Math.max(0, Date.parse(credentials.expiresAt) - Date.now()))
    return () => clearTimeout(timer)
  }, [credentials, leave])
  const context = useMemo((): SessionContext => {
    const account = settings.account === '*' || session.accounts.includes(settings.account) ? settings.account : ''
    return {
      session,
      client,
      scope: {
        ...(account !== '' && session.accounts.length > 1 && { accounts: account }),
        ...(session.regions.includes(settings.region) && { regions: settings.region }),
      },
      signOut() {
        // The server forgets the session, too, if it can be reached; here it is forgotten in any case.
        void client.post('/api/v1/sign-out', {}).catch(() => {})
        leave()
      },
    }
  }, [session, client, leave, settings.account, settings.region])
  return <Context value={context}>{children}</Context>
}
