import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import RadioGroup from '@cloudscape-design/components/radio-group'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Textarea from '@cloudscape-design/components/textarea'
import { AdvancedFields } from './advanced-fields.tsx'
import { BasicFields } from './basic-fields.tsx'
import { DryRun } from './dry-run.tsx'
import { selectorFaults, type Faults } from './selector-faults.ts'
import type { SelectorForm } from './selector-form.ts'
import { changeKind } from './change-kind.ts'
import { writeSelectors } from './write-selectors.ts'

export interface EventsStepProperties {
  readonly form: SelectorForm
  readonly faults: Faults
  readonly onChange: (form: SelectorForm) => void
}

/** Management, data and network activity events, and how many that would be. */
export function EventsStep({
  regions,
  ...properties
}: EventsStepProperties & { readonly regions: readonly string[] | undefined }) {
  const { form, faults, onChange } = properties
  const isReadable = Object.keys(selectorFaults(form)).length === 0
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Selection</Header>}>
        <RadioGroup
          ariaLabel="Kind of selection"
          value={form.kind}
          onChange={({ detail }) => onChange(changeKind(form, detail.value as SelectorForm['kind']))}
          items={[
            {
              value: 'basic',
              label: 'Basic event selectors',
              description: 'Management events, and data events of S3, Lambda and DynamoDB.',
            },
            {
              value: 'advanced',
              label: 'Advanced event selectors',
              description: 'Data events of every type and network activity, by any of their fields.',
            },
            {
              value: 'json',
              label: 'JSON',
              description: 'As PutEventSelectors takes it: everything that is possible.',
            },
          ]}
        />
      </Container>
      {form.kind === 'json' ? (
        <Container header={<Header variant="h2">Selectors as JSON</Header>}>
          <FormField stretch label="EventSelectors or AdvancedEventSelectors" errorText={faults['json']}>
            <Textarea
              value={form.json}
              rows={16}
              spellcheck={false}
              onChange={({ detail }) => onChange({ ...form, json: detail.value })}
            />
          </FormField>
        </Container>
      ) : (
        <SpaceBetween size="l">
          <ManagementFields {...properties} />
          {form.kind === 'basic' ? <BasicFields {...properties} /> : <AdvancedFields {...properties} />}
        </SpaceBetween>
      )}
      <Container header={<Header variant="h2">Insights events</Header>}>
        <Box variant="p">
          Insights (unusual rates of calls and errors) are not built into this server: trails deliver none.
        </Box>
      </Container>
      <Container>
        <DryRun selectors={isReadable ? writeSelectors(form) : undefined} regions={regions} />
      </Container>
    </SpaceBetween>
  )
}

function ManagementFields({ form, faults, onChange }: EventsStepProperties) {
  const { management } = form
  const change = (changes: Partial<SelectorForm['management']>) =>
    onChange({ ...form, management: { ...management, ...changes } })
  const takesSome = management.reads || management.writes
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="What is done to resources as a whole: creating, changing, listing, signing in."
        >
          Management events
        </Header>
      }
    >
      <SpaceBetween size="l">
        {faults['management'] !== undefined && <Alert type="error">{faults['management']}</Alert>}
        <FormField label="API activity">
          <SpaceBetween direction="horizontal" size="l">
            <Checkbox checked={management.reads} onChange={({ detail }) => change({ reads: detail.checked })}>
              Read
            </Checkbox>
            <Checkbox checked={management.writes} onChange={({ detail }) => change({ writes: detail.checked })}>
              Write
            </Checkbox>
          </SpaceBetween>
        </FormField>
        <FormField label="Leave out" description="Services whose many calls are seldom looked at.">
          <SpaceBetween size="xs">
            <Checkbox
              disabled={!takesSome}
              checked={management.excludesKms}
              onChange={({ detail }) => change({ excludesKms: detail.checked })}
            >
              Exclude AWS KMS events
            </Checkbox>
            <Checkbox
              disabled={!takesSome}
              checked={management.excludesRdsData}
              onChange={({ detail }) => change({ excludesRdsData: detail.checked })}
            >
              Exclude Amazon RDS Data API events
            </Checkbox>
          </SpaceBetween>
        </FormField>
      </SpaceBetween>
    </Container>
  )
}
