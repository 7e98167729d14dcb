export {
  searchAttributes,
  type Comparison,
  type PathStep,
  type SearchAttribute,
  type SearchExpression,
} from './expression.ts'
export { SearchSyntaxError } from './search-syntax-error.ts'
export { parseSearch, searchCharsMax, searchConditionsMax, searchDepthMax, searchListMax } from './parse-search.ts'
export { formatSearch } from './format-search.ts'
export { compileSearch, matchesSearch, type SearchTest } from './compile-search.ts'
export { searchedEvent, type SearchedEvent } from './searched-event.ts'
export { attributeValues, searchFieldsOf } from './attribute-values.ts'
export { narrowed, type AttributeCondition, type NarrowedSearch, type SearchCondition } from './narrowed.ts'
