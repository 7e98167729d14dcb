import { explainAdvanced } from './explain-advanced.ts'
import { explainBasic } from './explain-basic.ts'
import { explanationOf, verdictOf, type SelectorExplanation } from './explanation.ts'
import type { SelectableEvent } from './selectable-event.ts'
import type { TrailSelectors } from './selectors.ts'

/**
 * For one event: what each selector says to it and why. Agrees with `compileSelectors`, but compares one by one, for
 * people who look at one event; not for a stream of them.
 */
export function explainSelectors(selectors: TrailSelectors, event: SelectableEvent): SelectorExplanation {
  return explanationOf(
    selectors.kind === 'basic'
      ? selectors.selectors.map((selector, index) => verdictOf(index, undefined, explainBasic(selector, event)))
      : selectors.selectors.map((selector, index) => verdictOf(index, selector.Name, explainAdvanced(selector, event))),
  )
}
