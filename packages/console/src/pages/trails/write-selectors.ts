import type { AdvancedEventSelector, EventSelector, FieldSelector, TrailSelectors } from '../../api/trail-operations.ts'
import {
  basicTypes,
  linesOf,
  managementSources,
  type AdvancedForm,
  type ManagementForm,
  type SelectorForm,
} from './selector-form.ts'

export const managementName = 'Management events selector'

/** The form as PutEventSelectors takes it. @throws {SyntaxError} the JSON is none */
export function writeSelectors(form: SelectorForm): TrailSelectors {
  if (form.kind === 'json') return readJson(form.json)
  if (form.kind === 'basic') return { EventSelectors: [basicSelector(form)] }
  const management = managementSelector(form.management)
  return { AdvancedEventSelectors: [...(management ? [management] : []), ...form.selectors.map(advancedSelector)] }
}

function basicSelector({ management, dataResources }: SelectorForm): EventSelector {
  const takesManagement = management.reads || management.writes
  return {
    // The one choice of reads and writes is for data events, too.
    ReadWriteType:
      management.reads === management.writes
        ? 'All'
        : management.reads
          ? ('ReadOnly' as const)
          : ('WriteOnly' as const),
    IncludeManagementEvents: takesManagement,
    DataResources: dataResources.map(({ type, arns }) => ({
      Type: type,
      Values: linesOf(arns).length > 0 ? linesOf(arns) : [allOf(type)],
    })),
    ExcludeManagementEventSources: takesManagement ? excludedSources(management) : [],
  }
}

const allOf = (type: string): string => basicTypes.find((own) => own.type === type)?.all ?? ''

const excludedSources = ({ excludesKms, excludesRdsData }: ManagementForm): string[] => [
  ...(excludesKms ? [managementSources.kms] : []),
  ...(excludesRdsData ? [managementSources.rdsData] : []),
]

function managementSelector(management: ManagementForm): AdvancedEventSelector | undefined {
  const { reads, writes } = management
  if (!reads && !writes) return undefined
  const excluded = excludedSources(management)
  return {
    Name: managementName,
    FieldSelectors: [
      { Field: 'eventCategory', Equals: ['Management'] },
      ...(reads === writes ? [] : [{ Field: 'readOnly', Equals: [String(reads)] }]),
      ...(excluded.length > 0 ? [{ Field: 'eventSource', NotEquals: excluded }] : []),
    ],
  }
}

function advancedSelector({ category, name, subject, readWrite, conditions }: AdvancedForm): AdvancedEventSelector {
  const subjectField = category === 'Data' ? 'resources.type' : 'eventSource'
  return {
    ...(name !== '' && { Name: name }),
    FieldSelectors: [
      { Field: 'eventCategory', Equals: [category] },
      { Field: subjectField, Equals: [subject] },
      ...(category === 'NetworkActivity' || readWrite === 'all'
        ? []
        : [{ Field: 'readOnly', Equals: [String(readWrite === 'read')] }]),
      ...fieldSelectors(conditions),
    ],
  }
}

/** A field may stand in a selector once, with several operators. */
function fieldSelectors(conditions: AdvancedForm['conditions']): FieldSelector[] {
  const fields = new Map<string, Partial<Record<string, string[]>>>()
  for (const { field, operator, values } of conditions) {
    const operators = fields.get(field) ?? {}
    operators[operator] = [...(operators[operator] ?? []), ...linesOf(values)]
    fields.set(field, operators)
  }
  return [...fields].map(([Field, operators]) => ({ Field, ...operators }))
}

function readJson(text: string): TrailSelectors {
  const value: unknown = JSON.parse(text)
  // A bare list is what the command line takes for advanced selectors.
  if (Array.isArray(value)) return { AdvancedEventSelectors: value as AdvancedEventSelector[] }
  if (typeof value !== 'object' || value === null) throw new SyntaxError('an object or a list is expected')
  return value
}
