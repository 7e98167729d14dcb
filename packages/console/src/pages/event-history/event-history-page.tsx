import type { ApiCounts, ApiEvent, ApiEventPage } from '@opentrail/core/api'
import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import ButtonDropdown from '@cloudscape-design/components/button-dropdown'
import CollectionPreferences from '@cloudscape-design/components/collection-preferences'
import Header from '@cloudscape-design/components/header'
import Pagination from '@cloudscape-design/components/pagination'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Table from '@cloudscape-design/components/table'
import Toggle from '@cloudscape-design/components/toggle'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import type { Parameters } from '../../api/client.ts'
import { FailureAlert } from '../../shell/failure-alert.tsx'
import { goTo, hrefOf, usePlace } from '../../shell/place.ts'
import { useSession } from '../../shell/session.tsx'
import { useSettings } from '../../shell/settings.tsx'
import { useShortcuts } from '../../shell/shortcuts.ts'
import { timeText } from '../../text/times.ts'
import { columnDefinitions, columns } from './columns.tsx'
import { collect, downloadMax, fileOf, save, type DownloadFormat } from './download.ts'
import { FilterBar } from './filter-bar.tsx'
import { Histogram } from './histogram.tsx'
import { withoutReading } from './own-reading.ts'
import { bounds, defaultRange, type TimeRange } from './time-range.ts'
import { useLiveEvents, type LiveEvents } from './use-live-events.ts'

/** Events by any search, newest first, or as they come in. Search and time stand in the address, so that a view can be passed on. */
export default function EventHistoryPage() {
  const { session, client, scope } = useSession()
  const { settings, change } = useSettings()
  const { parameters: given } = usePlace()
  const where = given['where'] ?? ''
  const range: TimeRange = {
    from: given['from'] ?? defaultRange.from,
    ...(given['to'] !== undefined && { to: given['to'] }),
  }
  const isLive = given['live'] === 'true'
  const show = (changes: { where?: string; range?: TimeRange; live?: boolean }) => {
    const { from, to } = changes.range ?? range
    const live = changes.live ?? (changes.range ? false : isLive)
    goTo('/events', { where: changes.where ?? where, from, to, live: live ? 'true' : undefined })
  }
  const search = useMemo(() => searchOf(where, settings.hidesReading), [where, settings.hidesReading])
  const timeless: Parameters = { where: search, ...scope }
  const parameters: Parameters = { ...timeless, from: range.from, to: range.to }
  const pages = usePages(parameters, settings.pageSize, !isLive)
  const counts = useQuery({
    queryKey: ['histogram', parameters],
    queryFn: ({ signal }) => client.get<ApiCounts>('/api/v1/events/histogram', parameters, signal),
    placeholderData: keepPreviousData,
  })
  const live = useLiveEvents(client, timeless, isLive)
  const download = useDownload(parameters)
  const refresh = () => {
    pages.reset()
    void counts.refetch()
  }
  useShortcuts({
    f: () => document.querySelector<HTMLInputElement>('#event-filter input')?.focus(),
    r: refresh,
    l: () => show({ live: !isLive }),
  })
  // Virtual on a test server, so not this machine's time; near enough for a picture.
  const aheadMs = useMemo(() => Date.parse(session.server.now) - Date.now(), [session.server.now])
  const shown = isLive ? live.events : (pages.data?.events ?? [])

  return (
    <SpaceBetween size="m">
      {download.notice}
      <Table
        variant="full-page"
        items={[...shown]}
        trackBy={(event: ApiEvent) => `${event.place.account}/${event.place.region}/${event.place.sequence}`}
        columnDefinitions={columnDefinitions(settings.timeZone)}
        columnDisplay={columnDisplay(settings.columns)}
        resizableColumns
        wrapLines={settings.wrapsLines}
        contentDensity={settings.density}
        loading={!isLive && pages.isPending}
        loadingText="Looking for events"
        ariaLabels={{ tableLabel: 'Events' }}
        header={
          <SpaceBetween size="s">
            <Header
              variant="h1"
              description={`What was called in your accounts, newest first, up to ${session.server.historyDays} days back.`}
              counter={isLive ? `(${live.count.toLocaleString()} since then)` : counterText(counts.data)}
              actions={
                <SpaceBetween direction="horizontal" size="xs" alignItems="center">
                  <Toggle
                    checked={settings.hidesReading}
                    onChange={({ detail }) => change({ hidesReading: detail.checked })}
                  >
                    Hide console reads
                  </Toggle>
                  <Button
                    iconName={isLive ? 'pause' : 'play'}
                    onClick={() => show({ live: !isLive })}
                    ariaLabel={isLive ? 'Stop live events' : 'Show live events'}
                  >
                    Live
                  </Button>
                  <Button iconName="refresh" ariaLabel="Look again" onClick={refresh} disabled={isLive} />
                  <ButtonDropdown
                    items={[
                      { id: 'csv', text: 'CSV' },
                      { id: 'json', text: 'JSON, as in log files' },
                    ]}
                    loading={download.isBusy}
                    onItemClick={({ detail }) => void download.start(detail.id === 'csv' ? 'csv' : 'json')}
                  >
                    Download
                  </ButtonDropdown>
                </SpaceBetween>
              }
            >
              Event history
            </Header>
            <FilterBar
              where={where}
              range={range}
              parameters={parameters}
              onWhere={(changed) => show({ where: changed })}
              onRange={(changed) => show({ range: changed })}
            />
            {isLive ? (
              <LiveState state={live.state} />
            ) : (
              counts.data && (
                <Histogram
                  counts={counts.data}
                  {...bounds(range, Date.now() + aheadMs)}
                  timeZone={settings.timeZone}
                  onNarrow={(changed) => show({ range: changed })}
                />
              )
            )}
            {isLive
              ? live.failure && <FailureAlert error={live.failure} onRetry={live.again} />
              : (pages.error ?? counts.error) && (
                  <FailureAlert error={(pages.error ?? counts.error)!} onRetry={refresh} />
                )}
            {!isLive && pages.data?.searchedTo !== undefined && pages.data.events.length < settings.pageSize && (
              <Alert type="info">
                Looked back as far as {timeText(pages.data.searchedTo, settings.timeZone)}; the next page looks further.
              </Alert>
            )}
          </SpaceBetween>
        }
        empty={
          isLive ? (
            <Box>Events will be here as soon as there are any.</Box>
          ) : pages.error ? (
            <Box>It is not known whether there are any.</Box>
          ) : (
            <NoEvents hasSearch={where !== ''} />
          )
        }
        pagination={
          !isLive && (
            <Pagination
              currentPageIndex={pages.index + 1}
              pagesCount={pages.count}
              openEnd={pages.hasMore}
              onChange={({ detail }) => pages.goTo(detail.currentPageIndex - 1)}
              ariaLabels={{
                paginationLabel: 'Pages of events',
                nextPageLabel: 'Next page',
                previousPageLabel: 'Previous page',
                pageLabel: (page) => `Page ${page}`,
              }}
            />
          )
        }
        preferences={
          <CollectionPreferences
            title="Preferences"
            confirmLabel="Confirm"
            cancelLabel="Cancel"
            preferences={{
              pageSize: settings.pageSize,
              wrapLines: settings.wrapsLines,
              contentDensity: settings.density,
              contentDisplay: columnDisplay(settings.columns),
            }}
            pageSizePreference={{
              title: 'Events on a page',
              options: [20, 50, 100, 200].map((value) => ({ value, label: `${value} events` })),
            }}
            wrapLinesPreference={{ label: 'Wrap lines', description: 'Show all of each value' }}
            contentDensityPreference={{ label: 'Compact', description: 'More events on the screen' }}
            contentDisplayPreference={{
              title: 'Columns',
              options: columns.map(({ id, header }) => ({ id, label: header, alwaysVisible: id === 'eventName' })),
            }}
            onConfirm={({ detail }) =>
              change({
                pageSize: detail.pageSize ?? settings.pageSize,
                wrapsLines: detail.wrapLines ?? false,
                density: detail.contentDensity ?? 'comfortable',
                columns: (detail.contentDisplay ?? []).filter(({ visible }) => visible).map(({ id }) => id),
              })
            }
          />
        }
      />
    </SpaceBetween>
  )
}

/** A search that cannot be read is sent as it is: the server says why. */
function searchOf(where: string, hidesReading: boolean): string {
  if (!hidesReading) return where
  try {
    return withoutReading(where)
  } catch {
    return where
  }
}

/** Pages by the cursors of those before. What comes in meanwhile stays out: each walk stands on what there was at its beginning. */
function usePages(parameters: Parameters, limit: number, isOn: boolean) {
  const { client } = useSession()
  const walk = JSON.stringify([parameters, limit])
  const [state, setState] = useState({
    walk,
    index: 0,
    cursors: [undefined] as readonly (string | undefined)[],
    began: 0,
  })
  const { index, cursors, began } = state.walk === walk ? state : { ...state, index: 0, cursors: [undefined] }
  const query = useQuery({
    queryKey: ['events', walk, began, cursors[index]],
    enabled: isOn,
    queryFn: ({ signal }) =>
      client.get<ApiEventPage>('/api/v1/events', { ...parameters, limit, cursor: cursors[index] }, signal),
    placeholderData: keepPreviousData,
  })
  const next = query.isPlaceholderData ? undefined : query.data?.cursor
  const known = next !== undefined && index === cursors.length - 1 ? [...cursors, next] : cursors
  return {
    data: query.data,
    error: query.error,
    isPending: query.isPending || query.isPlaceholderData,
    index,
    count: Math.max(1, known.length),
    hasMore: next !== undefined,
    goTo: (page: number) =>
      setState({ walk, index: Math.min(Math.max(0, page), known.length - 1), cursors: known, began }),
    reset: () => setState({ walk, index: 0, cursors: [undefined], began: began + 1 }),
  }
}

const columnDisplay = (visible: readonly string[]) => [
  ...visible.map((id) => ({ id, visible: true })),
  ...columns.filter(({ id }) => !visible.includes(id)).map(({ id }) => ({ id, visible: false })),
]

const counterText = (counts: ApiCounts | undefined): string =>
  counts === undefined ? '' : `(${counts.total.toLocaleString()}${counts.searchedTo === undefined ? '' : '+'})`

const LiveState = ({ state }: { readonly state: LiveEvents['state'] }) => (
  <div aria-live="polite">
    {state === 'listening' ? (
      <StatusIndicator type="success">Listening: events appear here as they come in.</StatusIndicator>
    ) : state === 'connecting' ? (
      <StatusIndicator type="loading">Connecting</StatusIndicator>
    ) : state === 'broken' ? (
      <StatusIndicator type="warning">The connection broke; trying again. Nothing will be missing.</StatusIndicator>
    ) : (
      <StatusIndicator type="stopped">Stopped</StatusIndicator>
    )}
  </div>
)

const NoEvents = ({ hasSearch }: { readonly hasSearch: boolean }) => (
  <Box textAlign="center" padding="l">
    <SpaceBetween size="s">
      <Box variant="strong">No events</Box>
      <Box variant="p" color="text-body-secondary">
        {hasSearch ? 'No event of this time matches the search.' : 'Nothing was recorded in this time.'}
      </Box>
      {hasSearch ? (
        <Button onClick={() => goTo('/events', { from: '-90d' })}>Clear the search, look back 90 days</Button>
      ) : (
        <Button href={hrefOf('/start')}>How to send events</Button>
      )}
    </SpaceBetween>
  </Box>
)

/** Collects and saves, and says what was left out. */
function useDownload(parameters: Parameters) {
  const { client } = useSession()
  const [isBusy, setBusy] = useState(false)
  const [outcome, setOutcome] = useState<{ readonly saved: number; readonly isCut: boolean } | Error>()
  const start = async (format: DownloadFormat) => {
    setBusy(true)
    setOutcome(undefined)
    try {
      const { events, isCut } = await collect(client, parameters, new AbortController().signal)
      save(fileOf(events, format), format, new Date())
      setOutcome({ saved: events.length, isCut })
    } catch (error) {
      setOutcome(error instanceof Error ? error : new Error(String(error)))
    } finally {
      setBusy(false)
    }
  }
  const notice =
    outcome instanceof Error ? (
      <FailureAlert error={outcome} />
    ) : (
      outcome && (
        <Alert type={outcome.isCut ? 'warning' : 'success'} dismissible onDismiss={() => setOutcome(undefined)}>
          {outcome.isCut
            ? `The file has the newest ${outcome.saved.toLocaleString()} events: it takes no more than ${downloadMax.toLocaleString()}, and older ones were left out. Narrow the time, or take all of them with "opentrail export" or from the log files.`
            : `The file has all ${outcome.saved.toLocaleString()} events of this search.`}
        </Alert>
      )
    )
  return { isBusy, start, notice }
}
