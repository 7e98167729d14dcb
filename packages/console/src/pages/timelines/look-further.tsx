import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import { useSettings } from '../../shell/settings.tsx'
import { timeText } from '../../text/times.ts'

/** The way to what is older, where there may be something. */
export function LookFurther({
  query,
  searchedTo,
}: {
  readonly query: {
    readonly hasNextPage: boolean
    readonly isFetchingNextPage: boolean
    fetchNextPage(): Promise<unknown>
  }
  readonly searchedTo: string | undefined
}) {
  const { settings } = useSettings()
  if (!query.hasNextPage) return null
  return (
    <Box textAlign="center" padding={{ top: 'm' }}>
      {searchedTo !== undefined && (
        <Box variant="p">Looked back as far as {timeText(searchedTo, settings.timeZone)}.</Box>
      )}
      <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        Show older events
      </Button>
    </Box>
  )
}
