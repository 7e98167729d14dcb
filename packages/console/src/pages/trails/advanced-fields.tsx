import Autosuggest from '@cloudscape-design/components/autosuggest'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { ConditionFields } from './condition-fields.tsx'
import type { EventsStepProperties } from './events-step.tsx'
import { Numbered } from './numbered.tsx'
import type { Faults } from './selector-faults.ts'
import { conditionFields, resourceTypes, type AdvancedForm } from './selector-form.ts'

const newSelector = (category: AdvancedForm['category']): AdvancedForm => ({
  category,
  name: '',
  subject: category === 'Data' ? 'AWS::S3::Object' : 'ec2.amazonaws.com',
  readWrite: 'all',
  conditions: [],
})

/** Data events of every type, and network activity. */
export function AdvancedFields({ form, faults, onChange }: EventsStepProperties) {
  const { selectors } = form
  const set = (changed: readonly AdvancedForm[]) => onChange({ ...form, selectors: changed })
  return (
    <Container
      header={
        <Header variant="h2" description="What is done with the content of resources, and calls through VPC endpoints.">
          Data and network activity events
        </Header>
      }
    >
      <SpaceBetween size="l">
        {selectors.map((selector, index) => (
          <Numbered
            key={index}
            name={`${selector.category === 'Data' ? 'Data events' : 'Network activity events'} ${index + 1}`}
            onRemove={() => set(selectors.filter((_, at) => at !== index))}
          >
            <SelectorFields
              selector={selector}
              place={`selectors.${index}`}
              faults={faults}
              onChange={(changed) => set(selectors.map((own, at) => (at === index ? changed : own)))}
            />
          </Numbered>
        ))}
        <SpaceBetween direction="horizontal" size="xs">
          <Button iconName="add-plus" onClick={() => set([...selectors, newSelector('Data')])}>
            Add data events
          </Button>
          <Button iconName="add-plus" onClick={() => set([...selectors, newSelector('NetworkActivity')])}>
            Add network activity events
          </Button>
        </SpaceBetween>
      </SpaceBetween>
    </Container>
  )
}

const readWriteOptions = [
  { value: 'all', label: 'Log all events' },
  { value: 'read', label: 'Log read-only events' },
  { value: 'write', label: 'Log write-only events' },
] as const

function SelectorFields({
  selector,
  place,
  faults,
  onChange,
}: {
  readonly selector: AdvancedForm
  readonly place: string
  readonly faults: Faults
  readonly onChange: (selector: AdvancedForm) => void
}) {
  const { category, name, subject, readWrite, conditions } = selector
  const change = (changes: Partial<AdvancedForm>) => onChange({ ...selector, ...changes })
  const isData = category === 'Data'
  return (
    <SpaceBetween size="m">
      <FormField
        label={isData ? 'Resource type' : 'Network activity event source'}
        errorText={faults[`${place}.subject`]}
      >
        {isData ? (
          <Autosuggest
            value={subject}
            options={resourceTypes.map((value) => ({ value }))}
            enteredTextLabel={(value) => `Use: "${value}"`}
            ariaLabel="Resource type"
            onChange={({ detail }) => change({ subject: detail.value })}
          />
        ) : (
          <Input value={subject} onChange={({ detail }) => change({ subject: detail.value })} />
        )}
      </FormField>
      {isData && (
        <FormField label="Log selector template">
          <Select
            selectedOption={readWriteOptions.find(({ value }) => value === readWrite) ?? null}
            options={readWriteOptions}
            onChange={({ detail }) => change({ readWrite: detail.selectedOption.value as AdvancedForm['readWrite'] })}
          />
        </FormField>
      )}
      <FormField
        label={
          <span>
            Selector name <i>- optional</i>
          </span>
        }
      >
        <Input value={name} onChange={({ detail }) => change({ name: detail.value })} />
      </FormField>
      {conditions.map((condition, index) => (
        <ConditionFields
          key={index}
          number={index + 1}
          category={category}
          condition={condition}
          fault={faults[`${place}.conditions.${index}`]}
          onChange={(changed) => change({ conditions: conditions.map((own, at) => (at === index ? changed : own)) })}
          onRemove={() => change({ conditions: conditions.filter((_, at) => at !== index) })}
        />
      ))}
      <Button
        onClick={() =>
          change({
            conditions: [
              ...conditions,
              { field: conditionFields[category][0] ?? 'eventName', operator: 'Equals', values: '' },
            ],
          })
        }
      >
        Add condition
      </Button>
    </SpaceBetween>
  )
}
