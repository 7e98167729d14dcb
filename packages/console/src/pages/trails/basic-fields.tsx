import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Textarea from '@cloudscape-design/components/textarea'
import type { EventsStepProperties } from './events-step.tsx'
import { Numbered } from './numbered.tsx'
import { basicTypes, type DataResourceForm } from './selector-form.ts'

const typeOptions = basicTypes.map(({ type, name }) => ({ value: type, label: name, description: type }))

/** Data events as the first event selectors had them: reads and writes as chosen for management events. */
export function BasicFields({ form, faults, onChange }: EventsStepProperties) {
  const { dataResources } = form
  const set = (resources: readonly DataResourceForm[]) => onChange({ ...form, dataResources: resources })
  const change = (index: number, changes: Partial<DataResourceForm>) =>
    set(dataResources.map((own, at) => (at === index ? { ...own, ...changes } : own)))
  return (
    <Container
      header={
        <Header variant="h2" description="What is done with the content of resources. There can be very many of them.">
          Data events
        </Header>
      }
    >
      <SpaceBetween size="l">
        {dataResources.map(({ type, arns }, index) => {
          const about = basicTypes.find((own) => own.type === type)
          return (
            <Numbered
              key={index}
              name={`Data event ${index + 1}`}
              onRemove={() => set(dataResources.filter((_, at) => at !== index))}
            >
              <FormField label="Data event source">
                <Select
                  selectedOption={typeOptions.find(({ value }) => value === type) ?? null}
                  options={typeOptions}
                  onChange={({ detail }) => change(index, { type: detail.selectedOption.value ?? type })}
                />
              </FormField>
              <FormField
                label="ARNs"
                description="One on each line. None: all of this type, also those to come."
                constraintText={about && `As ${about.example}`}
                errorText={faults[`dataResources.${index}.arns`]}
              >
                <Textarea
                  value={arns}
                  rows={3}
                  spellcheck={false}
                  placeholder={`All of ${about?.name ?? type}`}
                  onChange={({ detail }) => change(index, { arns: detail.value })}
                />
              </FormField>
            </Numbered>
          )
        })}
        <Button iconName="add-plus" onClick={() => set([...dataResources, { type: basicTypes[0].type, arns: '' }])}>
          Add data events
        </Button>
      </SpaceBetween>
    </Container>
  )
}
