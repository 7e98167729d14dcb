import type { ApiEvent } from '@opentrail/core/api'
import Box from '@cloudscape-design/components/box'
import Link from '@cloudscape-design/components/link'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import { hrefOf } from '../../shell/place.ts'
import { useSettings } from '../../shell/settings.tsx'
import { timeText } from '../../text/times.ts'
import { UntrustedText } from '../../text/untrusted-text.tsx'
import { timelineHref } from './timeline-places.ts'

/** When, what, by whom, from where, and with what result. */
export function EventLine({ event, showsIdentity }: { readonly event: ApiEvent; readonly showsIdentity: boolean }) {
  const { settings } = useSettings()
  const identity = event.username ?? event.accessKeyId
  return (
    <>
      <Box color="text-body-secondary" fontSize="body-s">
        <time dateTime={event.eventTime}>{timeText(event.eventTime, settings.timeZone)}</time> · {event.place.region}
      </Box>
      <Link href={hrefOf(`/events/${encodeURIComponent(event.eventId)}`)} fontSize="heading-s">
        <UntrustedText text={event.eventName} />
      </Link>{' '}
      <Box variant="span" color="text-body-secondary">
        <UntrustedText text={event.eventSource} />
      </Box>
      <div>
        {showsIdentity && (
          <>
            by{' '}
            {identity === undefined ? (
              'nobody who is named'
            ) : (
              <Link href={timelineHref('identity', identity)}>
                <UntrustedText text={identity} />
              </Link>
            )}{' '}
          </>
        )}
        {event.sourceIPAddress !== undefined && (
          <>
            from <UntrustedText text={event.sourceIPAddress} />
          </>
        )}
        {!showsIdentity && event.resources[0] && (
          <>
            {' on '}
            <Link href={timelineHref('resource', event.resources[0].name)}>
              <UntrustedText text={event.resources[0].name} max={120} />
            </Link>
            {event.resources.length > 1 && ` and ${event.resources.length - 1} more`}
          </>
        )}
      </div>
      {event.errorCode !== undefined && (
        <StatusIndicator type="error">
          Failed: <UntrustedText text={event.errorCode} />
        </StatusIndicator>
      )}
    </>
  )
}
