export {
  defaultSelectors,
  type AdvancedEventSelector,
  type AdvancedFieldSelector,
  type DataResource,
  type EventSelector,
  type SelectorOperator,
  type TrailSelectors,
} from './selectors.ts'
export { selectableEvent, type EventDetails, type SelectableEvent } from './selectable-event.ts'
export { readSelectors } from './read-selectors.ts'
export { type SelectorFault } from './selector-fault.ts'
export { compileSelectors } from './compile-selectors.ts'
export { explainSelectors } from './explain-selectors.ts'
export { type SelectorCheck, type SelectorExplanation, type SelectorVerdict } from './explanation.ts'
