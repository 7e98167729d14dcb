import { selectorsText } from './read-selectors.ts'
import { basicTypes, linesOf, type AdvancedForm, type DataResourceForm, type SelectorForm } from './selector-form.ts'
import { writeSelectors } from './write-selectors.ts'

/** The same selection in another kind, as far as that kind can say it. */
export function changeKind(form: SelectorForm, kind: SelectorForm['kind']): SelectorForm {
  if (kind === form.kind) return form
  if (kind === 'json')
    return { ...form, kind, json: form.kind === 'json' ? form.json : selectorsText(writeSelectors(form)) }
  const isFirst = kind === 'advanced' && form.kind === 'basic' && form.selectors.length === 0
  return { ...form, kind, ...(isFirst && { selectors: form.dataResources.flatMap((own) => advancedOf(own, form)) }) }
}

function advancedOf({ type, arns }: DataResourceForm, { management }: SelectorForm): AdvancedForm[] {
  // Basic selectors compare functions whole, the others by their beginning.
  const operator = type === basicTypes[1].type ? ('Equals' as const) : ('StartsWith' as const)
  return [
    {
      category: 'Data',
      name: '',
      subject: type,
      readWrite: management.reads === management.writes ? 'all' : management.reads ? 'read' : 'write',
      conditions: linesOf(arns).length > 0 ? [{ field: 'resources.ARN', operator, values: arns }] : [],
    },
  ]
}
