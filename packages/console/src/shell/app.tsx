import I18nProvider from '@cloudscape-design/components/i18n'
import messages from '@cloudscape-design/components/i18n/messages/all.en'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { ApiFailure } from '../api/failure.ts'
import { ErrorBoundary } from './error-boundary.tsx'
import { SessionGate } from './session.tsx'
import { SettingsProvider } from './settings.tsx'
import { Shell } from './shell.tsx'

/** Tries after the first, where waiting may help; a person is told after some seconds. */
const retriesMax = 2

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      retry: (failed, error) =>
        failed < retriesMax && error instanceof ApiFailure && ['throttled', 'unavailable'].includes(error.kind),
    },
  },
})

export const App = () => (
  <I18nProvider locale="en" messages={[messages]}>
    <QueryClientProvider client={queries}>
      <SettingsProvider>
        <ErrorBoundary>
          <SessionGate>
            <Shell />
          </SessionGate>
        </ErrorBoundary>
      </SettingsProvider>
    </QueryClientProvider>
  </I18nProvider>
)
