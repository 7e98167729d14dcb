import type { ApiEventDetail } from '@opentrail/core/api'
import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import { useState } from 'react'
import { verifyProof, type ProofStep } from '../../proof/verify-proof.ts'
import { Copied } from './copied.tsx'

const types = { proven: 'success', failed: 'error', 'not-checked': 'warning' } as const

/** What proves that the event is in the log, checked by this browser and not by the server. */
export function ProofPanel({ detail: { event, proof } }: { readonly detail: ApiEventDetail }) {
  const [steps, setSteps] = useState<readonly ProofStep[]>()
  if (!proof)
    return <Alert type="info">There is no proof of this event yet, or its neighbours in the log are gone.</Alert>
  const verify = async () => setSteps(await verifyProof(event.record, proof))
  const isProven = steps?.every(({ outcome }) => outcome === 'proven')
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="This browser computes it from the record; the server is not asked."
          actions={
            <Button variant="primary" iconName="check" onClick={() => void verify()}>
              Verify
            </Button>
          }
        >
          Proof
        </Header>
      }
    >
      <SpaceBetween size="m">
        <div aria-live="polite">
          {steps && (
            <SpaceBetween size="s">
              <Alert
                type={isProven ? 'success' : steps.some(({ outcome }) => outcome === 'failed') ? 'error' : 'warning'}
                header={isProven ? 'Proven' : 'Not proven'}
              >
                {isProven
                  ? 'The record is in the log as its checkpoint states it. Keep the checkpoint: with it nobody can take the event out again unseen.'
                  : 'See which step is missing.'}
              </Alert>
              {steps.map(({ what, outcome, why }) => (
                <div key={what}>
                  <StatusIndicator type={types[outcome]}>{what}</StatusIndicator>
                  {why !== undefined && (
                    <Box variant="small" padding={{ left: 'l' }}>
                      {why}
                    </Box>
                  )}
                </div>
              ))}
            </SpaceBetween>
          )}
        </div>
        <KeyValuePairs
          columns={2}
          items={[
            { label: 'Log', value: <Copied text={proof.origin} /> },
            { label: 'Entry', value: `${proof.leafIndex + 1} of ${proof.treeSize}` },
            { label: 'Leaf', value: <Copied text={proof.leafHash} /> },
            { label: 'Root', value: <Copied text={proof.rootHash} /> },
            { label: 'Verifier key', value: <Copied text={proof.verifierKey} /> },
          ]}
        />
        <ExpandableSection headerText="Checkpoint and path">
          <pre className="raw-record" tabIndex={0} aria-label="Checkpoint and path">
            {`${proof.checkpoint}\n${proof.path.join('\n')}`}
          </pre>
        </ExpandableSection>
        <Box variant="p" color="text-body-secondary">
          On the command line: <Box variant="code">opentrail prove {event.eventId}</Box>
        </Box>
      </SpaceBetween>
    </Container>
  )
}
