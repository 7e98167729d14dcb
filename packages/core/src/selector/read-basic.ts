import { dataTypes, readDataValue } from './data-values.ts'
import { refuse, shown } from './selector-fault.ts'
import { valueCharsMax, type DataResource, type EventSelector, type ReadWriteType } from './selectors.ts'
import type { SentEventSelector } from './wire-shapes.ts'

/** CloudTrail quotas, per trail. */
const selectorsMax = 5
const dataValuesMax = 250
/** Values that mean all are not counted by CloudTrail, and empty entries have nothing to count; both must end somewhere. */
const uncountedMax = 250

const readWriteTypes: readonly ReadWriteType[] = ['All', 'ReadOnly', 'WriteOnly']
const excludableSources: readonly string[] = ['kms.amazonaws.com', 'rdsdata.amazonaws.com']

/**
 * The rules of EventSelector (CloudTrail API Reference), with its defaults filled in. A selector that takes nothing is
 * legal, as it is for CloudTrail.
 * @throws {SelectorRefusal} `invalid`.
 */
export function readBasic(sent: readonly SentEventSelector[]): EventSelector[] {
  if (sent.length === 0 || sent.length > selectorsMax)
    refuse(`Specify a valid number of selectors (1 to ${selectorsMax}) for your trail.`)
  const selectors = sent.map(readSelector)
  const resources = selectors.flatMap(({ DataResources }) => DataResources)
  const all = resources.flatMap(({ Type, Values }) =>
    Values.map((value) => readDataValue(Type, value)?.covers === 'all'),
  )
  const counted = all.filter((isAll) => !isAll).length
  if (counted > dataValuesMax)
    refuse(`Specify a valid number of DataResources.Values (0 to ${dataValuesMax}) for all your selectors`)
  if (all.length - counted > uncountedMax || resources.length > uncountedMax)
    refuse(`Specify a valid number of DataResources (0 to ${uncountedMax}) for all your selectors.`)
  return selectors
}

function readSelector(sent: SentEventSelector): EventSelector {
  const { ReadWriteType: sentType = 'All', ExcludeManagementEventSources: excluded = [] } = sent
  const type = readWriteTypes.find((known) => known === sentType)
  if (!type) return refuse(`Value ${shown(sentType)} for ReadWriteType is invalid: use ${readWriteTypes.join(', ')}.`)
  const foreign = excluded.find((source) => !excludableSources.includes(source))
  if (foreign !== undefined) refuse(`Value ${shown(foreign)} for ExcludeManagementEventSources is invalid.`)
  return {
    ReadWriteType: type,
    IncludeManagementEvents: sent.IncludeManagementEvents ?? true,
    DataResources: (sent.DataResources ?? []).map(readDataResource),
    // Each once: the list stays as short as what it can say.
    ExcludeManagementEventSources: [...new Set(excluded)],
  }
}

function readDataResource({ Type, Values = [] }: Partial<DataResource>): DataResource {
  if (Type === undefined || !dataTypes.includes(Type))
    return refuse(`Value ${shown(Type ?? '(none)')} for DataResources.Type is invalid: use ${dataTypes.join(', ')}.`)
  const wrong = Values.find((value) => value.length > valueCharsMax || !readDataValue(Type, value))
  if (wrong !== undefined) refuse(`Value ${shown(wrong)} for DataResources.Values is invalid.`)
  return { Type, Values }
}
