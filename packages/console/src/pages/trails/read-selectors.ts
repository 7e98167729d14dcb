import {
  selectorOperators,
  type AdvancedEventSelector,
  type EventSelector,
  type FieldSelector,
  type TrailSelectors,
} from '../../api/trail-operations.ts'
import {
  basicTypes,
  conditionFields,
  managementSources,
  newSelectorForm,
  type AdvancedForm,
  type ConditionForm,
  type ManagementForm,
  type SelectorForm,
} from './selector-form.ts'

/** The form that shows a trail's selectors. What the form has no fields for is shown as JSON, so that nothing is lost by saving it. */
export function readSelectors(selectors: TrailSelectors): SelectorForm {
  const { EventSelectors: basic, AdvancedEventSelectors: advanced } = selectors
  return (
    (advanced && advanced.length > 0 ? readAdvanced(advanced) : readBasic(basic ?? [])) ?? {
      ...newSelectorForm,
      kind: 'json',
      json: selectorsText(selectors),
    }
  )
}

/** As text, without what it is not about. */
export const selectorsText = ({ EventSelectors, AdvancedEventSelectors }: TrailSelectors): string =>
  JSON.stringify(AdvancedEventSelectors ? { AdvancedEventSelectors } : { EventSelectors }, undefined, 2)

function readBasic([selector, ...others]: readonly EventSelector[]): SelectorForm | undefined {
  if (others.length > 0) return undefined
  const { ReadWriteType: type = 'All', IncludeManagementEvents: included = true } = selector ?? {}
  const resources = selector?.DataResources ?? []
  // Reads only, of data events alone: the form has one choice for both.
  if (!included && type !== 'All') return undefined
  if (resources.some(({ Type, Values }) => !basicTypes.some((own) => own.type === Type) || Values.length === 0))
    return undefined
  const excluded = selector?.ExcludeManagementEventSources ?? []
  return {
    ...newSelectorForm,
    kind: 'basic',
    management: {
      reads: included && type !== 'WriteOnly',
      writes: included && type !== 'ReadOnly',
      excludesKms: excluded.includes(managementSources.kms),
      excludesRdsData: excluded.includes(managementSources.rdsData),
    },
    dataResources: resources.map(({ Type, Values }) => {
      const all = basicTypes.find((own) => own.type === Type)?.all
      return { type: Type, arns: Values.length === 1 && Values[0] === all ? '' : Values.join('\n') }
    }),
  }
}

function readAdvanced(sent: readonly AdvancedEventSelector[]): SelectorForm | undefined {
  const ofManagement = sent.filter((selector) => equalsOne(selector, 'eventCategory') === 'Management')
  const management = ofManagement.length > 1 ? undefined : readManagement(ofManagement[0])
  const others = sent.filter((selector) => !ofManagement.includes(selector)).map(readOne)
  if (!management || others.some((own) => own === undefined)) return undefined
  return {
    ...newSelectorForm,
    kind: 'advanced',
    management,
    selectors: others.filter((own) => own !== undefined),
  }
}

const noManagement: ManagementForm = { reads: false, writes: false, excludesKms: false, excludesRdsData: false }

function readManagement(selector: AdvancedEventSelector | undefined): ManagementForm | undefined {
  if (!selector) return noManagement
  const readOnly = equalsOne(selector, 'readOnly')
  const known = ['eventCategory', 'readOnly', 'eventSource']
  const excluded = selector.FieldSelectors.find(({ Field }) => Field === 'eventSource')?.NotEquals ?? []
  const isPlain =
    selector.FieldSelectors.every(({ Field }) => known.includes(Field)) &&
    (readOnly !== undefined || !has(selector, 'readOnly'))
  if (!isPlain) return undefined
  return {
    reads: readOnly !== 'false',
    writes: readOnly !== 'true',
    excludesKms: excluded.includes(managementSources.kms),
    excludesRdsData: excluded.includes(managementSources.rdsData),
  }
}

function readOne(selector: AdvancedEventSelector): AdvancedForm | undefined {
  const category = equalsOne(selector, 'eventCategory')
  if (category !== 'Data' && category !== 'NetworkActivity') return undefined
  const subjectField = category === 'Data' ? 'resources.type' : 'eventSource'
  const subject = equalsOne(selector, subjectField)
  const readOnly = equalsOne(selector, 'readOnly')
  if (subject === undefined || (readOnly === undefined && has(selector, 'readOnly'))) return undefined
  const rest = selector.FieldSelectors.filter(
    ({ Field }) => !['eventCategory', subjectField, 'readOnly'].includes(Field),
  )
  if (rest.some(({ Field }) => !conditionFields[category].includes(Field))) return undefined
  return {
    category,
    name: selector.Name ?? '',
    subject,
    readWrite: readOnly === undefined ? 'all' : readOnly === 'true' ? 'read' : 'write',
    conditions: rest.flatMap(conditionsOf),
  }
}

const conditionsOf = (field: FieldSelector): ConditionForm[] =>
  selectorOperators.flatMap((operator) => {
    const values = field[operator]
    return values ? [{ field: field.Field, operator, values: values.join('\n') }] : []
  })

const has = ({ FieldSelectors }: AdvancedEventSelector, field: string): boolean =>
  FieldSelectors.some(({ Field }) => Field === field)

/** The one value that the field equals, if that is all that is said of it. */
function equalsOne({ FieldSelectors }: AdvancedEventSelector, field: string): string | undefined {
  const own = FieldSelectors.find(({ Field }) => Field === field)
  const { Field: _, ...operators } = own ?? { Field: '' }
  return Object.keys(operators).length === 1 && own?.Equals?.length === 1 ? own.Equals[0] : undefined
}
