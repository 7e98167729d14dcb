import { linesOf, type SelectorForm } from './selector-form.ts'
import { writeSelectors } from './write-selectors.ts'

/** What keeps a form from being sent, by the field: `selectors.0.subject`. The server has the last word. */
export type Faults = Readonly<Record<string, string>>

const valuesMax = { basic: 250, advanced: 500 } as const

export function selectorFaults(form: SelectorForm): Faults {
  if (form.kind === 'json') return jsonFaults(form)
  const { management } = form
  const own = form.kind === 'basic' ? basicFaults(form) : advancedFaults(form)
  const rest = form.kind === 'basic' ? form.dataResources : form.selectors
  return {
    ...(!management.reads &&
      !management.writes &&
      rest.length === 0 && { management: 'The trail would take no event at all.' }),
    ...own,
  }
}

function basicFaults({ dataResources }: SelectorForm): Faults {
  const values = dataResources.flatMap(({ arns }) => linesOf(arns))
  const perResource = dataResources.flatMap(({ arns }, index) => {
    const wrong = linesOf(arns).find(
      (arn) => !/^arn:[a-z-]+:(?:s3:::[^*]+\/|lambda:.+:function:[^*]|dynamodb:.+:table\/)/.test(arn),
    )
    return wrong === undefined
      ? []
      : [[`dataResources.${index}.arns`, `This is not an ARN of the type: ${shown(wrong)}`]]
  })
  return {
    ...(values.length > valuesMax.basic && { dataResources: `There are more than ${valuesMax.basic} ARNs.` }),
    ...(Object.fromEntries(perResource) as Faults),
  }
}

function advancedFaults({ selectors }: SelectorForm): Faults {
  const faults: Record<string, string> = {}
  selectors.forEach(({ category, subject, conditions }, index) => {
    const place = `selectors.${index}`
    if (category === 'Data' && !/^AWS::[A-Za-z0-9]+::[A-Za-z0-9]+$/.test(subject))
      faults[`${place}.subject`] = 'Choose a type, as AWS::S3::Object.'
    if (category === 'NetworkActivity' && !/^[a-z0-9][a-z0-9.-]*\.amazonaws\.com(?:\.cn)?$/.test(subject))
      faults[`${place}.subject`] = 'Name a service, as ec2.amazonaws.com.'
    conditions.forEach(({ values }, at) => {
      if (linesOf(values).length === 0) faults[`${place}.conditions.${at}`] = 'Give at least one value.'
    })
  })
  const count = selectors.flatMap(({ conditions }) => conditions).flatMap(({ values }) => linesOf(values)).length
  if (count > valuesMax.advanced) faults['selectors'] = `There are more than ${valuesMax.advanced} values.`
  return faults
}

function jsonFaults(form: SelectorForm): Faults {
  try {
    const { EventSelectors: basic, AdvancedEventSelectors: advanced } = writeSelectors(form)
    const one = [basic, advanced].filter(Array.isArray)
    return one.length === 1 ? {} : { json: 'Either EventSelectors or AdvancedEventSelectors is expected.' }
  } catch (error) {
    return { json: `This is no JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
}

const shown = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text)
