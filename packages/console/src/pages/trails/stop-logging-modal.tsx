import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { Trail } from '../../api/trail-operations.ts'
import { UntrustedText } from '../../text/untrusted-text.tsx'

export const StopLoggingModal = ({
  trail,
  onDismiss,
  onConfirm,
}: {
  readonly trail: Trail
  readonly onDismiss: () => void
  readonly onConfirm: () => void
}) => (
  <Modal
    visible
    header="Stop logging?"
    onDismiss={onDismiss}
    footer={
      <Box float="right">
        <SpaceBetween direction="horizontal" size="xs">
          <Button variant="link" onClick={onDismiss}>
            Cancel
          </Button>
          <Button variant="primary" onClick={onConfirm}>
            Stop logging
          </Button>
        </SpaceBetween>
      </Box>
    }
  >
    From now on <UntrustedText text={trail.Name} /> delivers no events{trail.IsMultiRegionTrail && ', in no Region'}.
    What it took before is still delivered. Events stay in the history; that you stopped it is an event, too.
  </Modal>
)
