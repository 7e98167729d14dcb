import { compileAdvanced } from './compile-advanced.ts'
import { compileBasic } from './compile-basic.ts'
import type { SelectableEvent } from './selectable-event.ts'
import type { TrailSelectors } from './selectors.ts'

/**
 * Makes the test for one trail: compiled once, called for every event of its streams. The selectors must have passed
 * `readSelectors`. Insights and aggregated events are no concern of selectors: neither kind ever takes one.
 */
export function compileSelectors(selectors: TrailSelectors): (event: SelectableEvent) => boolean {
  return selectors.kind === 'basic' ? compileBasic(selectors.selectors) : compileAdvanced(selectors.selectors)
}
