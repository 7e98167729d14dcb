import { readAdvanced } from './read-advanced.ts'
import { readBasic } from './read-basic.ts'
import { refuse, SelectorRefusal, type SelectorFault } from './selector-fault.ts'
import type { TrailSelectors } from './selectors.ts'
import { readSentAdvancedSelectors, readSentSelectors } from './wire-shapes.ts'

/**
 * Checks what PutEventSelectors brings for a trail: every constraint of the API, since most clients check none themselves.
 * `null` means absent and unknown members are ignored; what comes back has the members known here and no others, basic
 * selectors with their defaults filled in, and passes again unchanged. The caller turns `invalid` into
 * InvalidEventSelectorsException, `serialization` into SerializationException.
 * Source: AWS CloudTrail API Reference, PutEventSelectors, EventSelector, AdvancedEventSelector.
 */
export function readSelectors(input: {
  readonly eventSelectors?: unknown
  readonly advancedEventSelectors?: unknown
}): { readonly ok: true; readonly selectors: TrailSelectors } | SelectorFault {
  try {
    return { ok: true, selectors: read(input.eventSelectors ?? undefined, input.advancedEventSelectors ?? undefined) }
  } catch (error) {
    if (error instanceof SelectorRefusal) return error.fault
    throw error
  }
}

function read(eventSelectors: unknown, advancedEventSelectors: unknown): TrailSelectors {
  const basic = eventSelectors === undefined ? undefined : readSentSelectors(eventSelectors, 'EventSelectors')
  const advanced =
    advancedEventSelectors === undefined
      ? undefined
      : readSentAdvancedSelectors(advancedEventSelectors, 'AdvancedEventSelectors')
  if (basic && advanced) return refuse('Specify either EventSelectors or AdvancedEventSelectors, but not both.')
  if (basic) return { kind: 'basic', selectors: readBasic(basic) }
  if (advanced) return { kind: 'advanced', selectors: readAdvanced(advanced) }
  return refuse('Specify either EventSelectors or AdvancedEventSelectors.')
}
