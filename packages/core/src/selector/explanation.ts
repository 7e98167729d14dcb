import type { SelectorOperator } from './selectors.ts'

/** Why selectors took or dropped one event, as data and in words. */
export interface SelectorExplanation {
  /** Whether any selector took it. The same as `compileSelectors` says. */
  readonly selected: boolean
  /** One per selector, in order. */
  readonly selectors: readonly SelectorVerdict[]
  /** One sentence for the whole. */
  readonly text: string
}

export interface SelectorVerdict {
  /** Place in the list of selectors, from 0. */
  readonly index: number
  /** The selector's Name, where it has one. */
  readonly name?: string
  /** Every check has passed. */
  readonly selected: boolean
  /** In the order in which they read; all of them, also behind a failed one. */
  readonly checks: readonly SelectorCheck[]
  readonly text: string
}

/** One condition of a selector against one event. */
export interface SelectorCheck {
  /** The field of an advanced selector, or the member of a basic one. */
  readonly field: string
  readonly passed: boolean
  /** What the event has there; absent where it has nothing. */
  readonly actual?: string
  /**
   * The operator that decided: one that matched, the one that shuts the event out, or the first one given where none
   * matched. Basic selectors have none.
   */
  readonly operator?: SelectorOperator
  /** The selector's value that decided; absent where it was that no value matched. */
  readonly value?: string
  readonly text: string
}

export function explanationOf(selectors: readonly SelectorVerdict[]): SelectorExplanation {
  const taken = selectors.filter(({ selected }) => selected)
  const text = taken.length > 0 ? taken.map((verdict) => verdict.text).join(' ') : 'No selector takes the event.'
  return { selected: taken.length > 0, selectors, text }
}

export function verdictOf(index: number, name: string | undefined, checks: readonly SelectorCheck[]): SelectorVerdict {
  const failed = checks.filter(({ passed }) => !passed)
  const selected = failed.length === 0
  const title = `Selector ${index + 1}${name ? ` (${name})` : ''}`
  const reasons = (selected ? checks : failed).map(({ text }) => text).join('; ')
  const text = `${title} ${selected ? 'takes' : 'drops'} the event: ${reasons}.`
  return { index, ...(name !== undefined && { name }), selected, checks, text }
}
