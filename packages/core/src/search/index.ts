export {
  searchAttributes,
  type Comparison,
  type PathStep,
  type SearchAttribute,
  type SearchExpression,
} from './expression.ts'
