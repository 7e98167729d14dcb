import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import ContentLayout from '@cloudscape-design/components/content-layout'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import SegmentedControl from '@cloudscape-design/components/segmented-control'
import Select from '@cloudscape-design/components/select'
import { useState } from 'react'
import { goTo } from '../../shell/place.ts'
import { IdentityTimeline } from './identity-timeline.tsx'
import { ResourceTimeline } from './resource-timeline.tsx'
import { guessKind, type TimelineKind } from './timeline-places.ts'
import './timelines.css'

const ranges = ['-1d', '-7d', '-30d', '-90d'].map((value) => ({
  value,
  label: value === '-1d' ? 'The last day' : `The last ${value.slice(1, -1)} days`,
}))
const defaultFrom = '-90d'

/** What was done to a resource, or by an identity: `/timelines?kind=resource&name=logs-2026`. */
export default function TimelinesPage({ parameters }: { readonly parameters: Readonly<Record<string, string>> }) {
  const { name = '', from = defaultFrom } = parameters
  const asked: TimelineKind = parameters['kind'] === 'identity' ? 'identity' : 'resource'
  const [text, setText] = useState(name)
  const [kind, setKind] = useState(asked)
  const show = (changes: { readonly kind?: string; readonly name?: string; readonly from?: string }) =>
    goTo('/timelines', { kind, name: text.trim(), from, ...changes })
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="Each change of a resource and what differs, or all that an identity did.">
          Timelines
        </Header>
      }
    >
      <div className="timelines">
        <Container>
          <div className="timeline-form">
            <FormField label="Of">
              <SegmentedControl
                selectedId={kind}
                label="Of"
                options={[
                  { id: 'resource', text: 'A resource' },
                  { id: 'identity', text: 'An identity' },
                ]}
                onChange={({ detail }) => {
                  const chosen = detail.selectedId === 'identity' ? 'identity' : 'resource'
                  setKind(chosen)
                  if (text.trim() !== '') show({ kind: chosen })
                }}
              />
            </FormField>
            <FormField
              label={kind === 'resource' ? 'Name or ARN' : 'User or session name, ARN, principal ID or access key'}
              stretch
            >
              <Input
                value={text}
                type="search"
                placeholder={kind === 'resource' ? 'logs-2026' : 'alice'}
                onChange={({ detail }) => setText(detail.value)}
                onKeyDown={({ detail }) => {
                  if (detail.key !== 'Enter' || text.trim() === '') return
                  const guessed = guessKind(text.trim()) === 'identity' ? 'identity' : kind
                  setKind(guessed)
                  show({ kind: guessed })
                }}
              />
            </FormField>
            <FormField label="Time">
              <Select
                selectedOption={ranges.find(({ value }) => value === from) ?? { value: from, label: from }}
                options={ranges}
                onChange={({ detail }) => show({ from: detail.selectedOption.value ?? defaultFrom })}
              />
            </FormField>
            <Button variant="primary" disabled={text.trim() === ''} onClick={() => show({})}>
              Show
            </Button>
          </div>
        </Container>
        {name === '' ? null : asked === 'resource' ? (
          <ResourceTimeline key={name} name={name} from={from} />
        ) : (
          <IdentityTimeline key={name} name={name} from={from} />
        )}
      </div>
    </ContentLayout>
  )
}
