import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Form from '@cloudscape-design/components/form'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type FormEvent } from 'react'
import { signInByKey, type SignedIn } from './sign-in.ts'

/** A browser lends its cryptography to pages only that came over HTTPS, or from the machine itself. */
const canSign = globalThis.isSecureContext

export function SignInPage({
  notice,
  onSignedIn,
}: {
  readonly notice: string | undefined
  readonly onSignedIn: (signedIn: SignedIn) => void
}) {
  const [accessKeyId, setAccessKeyId] = useState('')
  const [secretAccessKey, setSecret] = useState('')
  const [region, setRegion] = useState('us-east-1')
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(undefined)
    try {
      onSignedIn(
        await signInByKey({ accessKeyId: accessKeyId.trim(), secretAccessKey: secretAccessKey.trim() }, region.trim()),
      )
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
      setBusy(false)
    }
  }
  return (
    <main className="sign-in">
      <SpaceBetween size="l">
        <Box variant="h1" textAlign="center">
          OpenTrail
        </Box>
        {notice !== undefined && <Alert type="warning">{notice}</Alert>}
        {!canSign && (
          <Alert type="error" header="This address cannot be signed in at">
            Requests are signed in the browser, which allows that over HTTPS or at 127.0.0.1 only. Start the server with
            a certificate, or open this page on its own machine.
          </Alert>
        )}
        <form onSubmit={(event) => void submit(event)}>
          <Form
            actions={
              <Button variant="primary" loading={isBusy} disabled={!canSign} formAction="submit">
                Sign in
              </Button>
            }
            errorText={problem}
            errorIconAriaLabel="Error"
          >
            <Container
              header={
                <Header
                  variant="h2"
                  description="The secret stays in this page: it signs requests and is sent nowhere."
                >
                  Sign in with an access key
                </Header>
              }
            >
              <SpaceBetween size="m">
                <FormField label="Access key ID">
                  <Input
                    value={accessKeyId}
                    onChange={({ detail }) => setAccessKeyId(detail.value)}
                    autoComplete={false}
                    spellcheck={false}
                    autoFocus
                  />
                </FormField>
                <FormField label="Secret access key">
                  <Input
                    type="password"
                    value={secretAccessKey}
                    onChange={({ detail }) => setSecret(detail.value)}
                    autoComplete={false}
                  />
                </FormField>
                <FormField label="Region" description="One that this server has.">
                  <Input value={region} onChange={({ detail }) => setRegion(detail.value)} spellcheck={false} />
                </FormField>
              </SpaceBetween>
            </Container>
          </Form>
        </form>
        <Container header={<Header variant="h2">Or on the machine of the server</Header>}>
          <Box variant="p">
            <Box variant="code">opentrail console</Box> prints an address that signs you in as administrator, once.
          </Box>
        </Container>
      </SpaceBetween>
    </main>
  )
}
