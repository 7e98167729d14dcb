export {
  insightLookupKeys,
  lookupCategory,
  lookupKeys,
  lookupValues,
  type LookupFilter,
  type LookupKey,
} from './lookup-attributes.ts'
export { type LookupFault, type LookupFaultKind } from './lookup-fault.ts'
export {
  daySeconds,
  historyDays,
  lookupResultsMax,
  lookupTokenCharsMax,
  planLookup,
  type LookupCategory,
  type LookupPlan,
  type LookupScope,
} from './lookup-plan.ts'
export { toWireEvent, type WireEvent } from './wire-event.ts'
