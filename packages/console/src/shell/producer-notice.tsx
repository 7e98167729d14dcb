import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import ContentLayout from '@cloudscape-design/components/content-layout'
import Header from '@cloudscape-design/components/header'
import { hrefOf } from './place.ts'

/** For keys of services: every page would be refused. */
export const ProducerNotice = () => (
  <ContentLayout header={<Header variant="h1">Signed in as a producer</Header>}>
    <Alert
      type="info"
      header="This key sends events and may read none"
      action={<Button href={hrefOf('/start')}>How to send events</Button>}
    >
      To look at events, sign in with the key of an administrator or an auditor.
    </Alert>
  </ContentLayout>
)
