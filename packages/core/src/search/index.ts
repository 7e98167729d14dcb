export {
  searchAttributes,
  type Comparison,
  type PathStep,
  type SearchAttribute,
  type SearchExpression,
} from './expression.ts'
export { SearchSyntaxError } from './search-syntax-error.ts'
export { parseSearch, searchCharsMax, searchConditionsMax, searchDepthMax, searchListMax } from './parse-search.ts'
export { formatPath, formatSearch } from './format-search.ts'
export { compileSearch, matchesSearch, type SearchTest } from './compile-search.ts'
export { searchedEvent, type SearchedEvent } from './searched-event.ts'
export { attributeValues, forEachSearchValue } from './attribute-values.ts'
export { narrowed, type AttributeCondition, type NarrowedSearch, type SearchCondition } from './narrowed.ts'
export { questionCharsMax, understand, type AskContext, type AskTry, type Understanding } from './ask.ts'
export { answerSentence, type AskedEvent, type AskFindings } from './ask-sentence.ts'
export { parameterChanges, type ParameterChange } from './parameter-changes.ts'
