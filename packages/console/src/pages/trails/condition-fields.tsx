import Button from '@cloudscape-design/components/button'
import FormField from '@cloudscape-design/components/form-field'
import Select from '@cloudscape-design/components/select'
import Textarea from '@cloudscape-design/components/textarea'
import { selectorOperators, type SelectorOperator } from '../../api/trail-operations.ts'
import { conditionFields, type AdvancedForm, type ConditionForm } from './selector-form.ts'

const operatorNames: Readonly<Record<SelectorOperator, string>> = {
  Equals: 'equals',
  NotEquals: 'does not equal',
  StartsWith: 'starts with',
  NotStartsWith: 'does not start with',
  EndsWith: 'ends with',
  NotEndsWith: 'does not end with',
}
const operatorOptions = selectorOperators.map((value) => ({ value, label: operatorNames[value] }))

/** A field of the event, how it compares, and with what. */
export function ConditionFields({
  number,
  category,
  condition: { field, operator, values },
  fault,
  onChange,
  onRemove,
}: {
  readonly number: number
  readonly category: AdvancedForm['category']
  readonly condition: ConditionForm
  readonly fault: string | undefined
  readonly onChange: (condition: ConditionForm) => void
  readonly onRemove: () => void
}) {
  const change = (changes: Partial<ConditionForm>) => onChange({ field, operator, values, ...changes })
  const fields = conditionFields[category].map((value) => ({ value, label: value }))
  return (
    <div className="condition" role="group" aria-label={`Condition ${number}`}>
      <FormField label="Field">
        <Select
          selectedOption={fields.find(({ value }) => value === field) ?? null}
          options={fields}
          onChange={({ detail }) => change({ field: detail.selectedOption.value ?? field })}
        />
      </FormField>
      <FormField label="Operator">
        <Select
          selectedOption={operatorOptions.find(({ value }) => value === operator) ?? null}
          options={operatorOptions}
          onChange={({ detail }) => change({ operator: detail.selectedOption.value as SelectorOperator })}
        />
      </FormField>
      <FormField label="Values, one on each line" errorText={fault}>
        <Textarea
          value={values}
          rows={2}
          spellcheck={false}
          onChange={({ detail }) => change({ values: detail.value })}
        />
      </FormField>
      <Button ariaLabel={`Remove condition ${number}`} iconName="close" variant="icon" onClick={onRemove} />
    </div>
  )
}
