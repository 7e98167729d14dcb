import AppLayoutToolbar from '@cloudscape-design/components/app-layout-toolbar'
import SideNavigation from '@cloudscape-design/components/side-navigation'
import Spinner from '@cloudscape-design/components/spinner'
import { lazy, Suspense, useState } from 'react'
import { ErrorBoundary } from './error-boundary.tsx'
import { goTo, usePlace, type Place } from './place.ts'
import { useSession } from './session.tsx'
import { useShortcuts } from './shortcuts.ts'
import { ShortcutsHelp } from './shortcuts-help.tsx'
import { ProducerNotice } from './producer-notice.tsx'
import { useKeptFocus, usePageTitle } from './page-change.ts'
import { TopBar } from './top-bar.tsx'

const EventHistoryPage = lazy(() => import('../pages/event-history/event-history-page.tsx'))
const EventPage = lazy(() => import('../pages/event/event-page.tsx'))
const AskPage = lazy(() => import('../pages/ask/ask-page.tsx'))
const TrailsPages = lazy(() => import('../pages/trails/trails-pages.tsx'))
const TimelinesPage = lazy(() => import('../pages/timelines/timelines-page.tsx'))
const DashboardPage = lazy(() => import('../pages/dashboard/dashboard-page.tsx'))
const StartPage = lazy(() => import('../pages/start/start-page.tsx'))
const VerificationPage = lazy(() => import('../pages/verification/verification-page.tsx'))

const links = [
  { type: 'link', text: 'Event history', href: '#/events' },
  { type: 'link', text: 'Ask', href: '#/ask' },
  { type: 'link', text: 'Timelines', href: '#/timelines' },
  { type: 'link', text: 'Dashboard', href: '#/dashboard' },
  { type: 'link', text: 'Trails', href: '#/trails' },
  { type: 'link', text: 'Send events', href: '#/start' },
] as const
/** Of servers that show a bucket. */
const verificationLink = { type: 'link', text: 'Verification', href: '#/verification' } as const

/** The top bar has a hidden copy of itself, by which it measures. */
const askField = '#ask-field:not([aria-hidden="true"] *) input'

/** What is on every page: who and where one is, the ways to go, and the field to ask. */
export function Shell() {
  const place = usePlace()
  const { principal, server } = useSession().session
  const isProducer = principal.role === 'producer'
  const pages = server.mode === 'open' ? [...links, verificationLink] : links
  usePageTitle(place)
  useKeptFocus(place.path)
  const [isOpen, setOpen] = useState(() => matchMedia('(min-width: 689px)').matches)
  const [showsHelp, setShowsHelp] = useState(false)
  useShortcuts({
    '/': () => document.querySelector<HTMLInputElement>(askField)?.focus(),
    'g h': () => goTo('/events'),
    'g a': () => goTo('/ask'),
    'g d': () => goTo('/dashboard'),
    'g t': () => goTo('/trails'),
    'g l': () => goTo('/timelines'),
    'g s': () => goTo('/start'),
    '?': () => setShowsHelp(true),
  })
  return (
    <>
      <TopBar onHelp={() => setShowsHelp(true)} />
      <AppLayoutToolbar
        headerSelector="#top"
        toolsHide
        navigationOpen={isOpen}
        onNavigationChange={({ detail }) => setOpen(detail.open)}
        ariaLabels={{
          navigation: 'Pages',
          navigationClose: 'Close the list of pages',
          navigationToggle: 'Open the list of pages',
        }}
        navigation={
          <SideNavigation
            header={{ text: 'OpenTrail', href: '#/events' }}
            activeHref={`#/${place.path.split('/')[1] ?? ''}`}
            items={isProducer ? pages.filter(({ href }) => href === '#/start') : pages}
          />
        }
        content={
          <div id="page" tabIndex={-1}>
            <ErrorBoundary key={place.path}>
              <Suspense fallback={<Spinner size="large" />}>
                {isProducer && place.path !== '/start' ? <ProducerNotice /> : <Page place={place} />}
              </Suspense>
            </ErrorBoundary>
          </div>
        }
      />
      {showsHelp && <ShortcutsHelp onDismiss={() => setShowsHelp(false)} />}
    </>
  )
}

function Page({ place }: { readonly place: Place }) {
  const { path, parameters } = place
  const [, page, subject] = path.split('/')
  if (page === 'timelines') {
    return <TimelinesPage key={`${parameters['kind']} ${parameters['name']}`} parameters={parameters} />
  }
  if (page === 'dashboard') return <DashboardPage from={parameters['from']} />
  if (page === 'trails') return <TrailsPages place={place} />
  if (page === 'ask') return <AskPage question={parameters['question'] ?? ''} />
  if (page === 'start') return <StartPage />
  if (page === 'verification') return <VerificationPage />
  if (page === 'events' && subject) return <EventPage key={subject} eventId={decoded(subject)} />
  return <EventHistoryPage />
}

/** A stray `%` in an address is one: there is no such event then. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
