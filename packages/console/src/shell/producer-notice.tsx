import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import { hrefOf } from './place.ts'

/** For keys of services: every page would be refused. */
export const ProducerNotice = () => (
  <Alert
    type="info"
    header="This key sends events and may read none"
    action={<Button href={hrefOf('/start')}>How to send events</Button>}
  >
    It belongs to a producer. To look at events, sign in with the key of an administrator or an auditor.
  </Alert>
)
