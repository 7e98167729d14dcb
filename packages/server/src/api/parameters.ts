import { ApiError } from '../api-error/index.ts'

/** As OpenAPI 3.1 has them. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** A parameter of the query or the path: how the document describes it, and how it is read. */
export interface Parameter<Value> {
  readonly brief: string
  readonly isRequired: boolean
  readonly schema: JsonSchema
  /** Of what was sent; undefined: nothing. @throws {ApiError} ValidationException, naming the parameter. */
  read(name: string, text: string | undefined): Value
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>
export type Values<Own extends Parameters> = {
  readonly [Name in keyof Own]: Own[Name] extends Parameter<infer Value> ? Value : never
}

export const invalid = (message: string): ApiError => new ApiError('ValidationException', message)

/** A whole number in plain digits. */
export function integer(
  brief: string,
  bounds: { readonly min: number; readonly max: number; readonly default: number },
): Parameter<number>
export function integer(
  brief: string,
  bounds: { readonly min: number; readonly max: number },
): Parameter<number | undefined>
export function integer(
  brief: string,
  { min, max, default: fallback }: { readonly min: number; readonly max: number; readonly default?: number },
): Parameter<number | undefined> {
  return {
    brief,
    isRequired: false,
    schema: { type: 'integer', minimum: min, maximum: max, ...(fallback !== undefined && { default: fallback }) },
    read(name, text) {
      if (text === undefined) return fallback
      const value = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN
      if (value >= min && value <= max) return value
      throw invalid(`${name} is a whole number from ${min} to ${max}.`)
    },
  }
}

interface TextRules {
  readonly charsMax: number
  /** Of the whole text. */
  readonly pattern?: RegExp
  /** What the text is, behind "is". */
  readonly form?: string
  /** Names of the form in the document: `date-time` and others. */
  readonly example?: string
}

function textSchema({ charsMax, pattern, example }: TextRules, minLength: number): JsonSchema {
  return {
    type: 'string',
    ...(minLength > 0 && { minLength }),
    maxLength: charsMax,
    ...(pattern && { pattern: pattern.source }),
    ...(example !== undefined && { examples: [example] }),
  }
}

function checkText(name: string, text: string, { charsMax, pattern, form }: TextRules): string {
  if (text.length > charsMax) throw invalid(`${name} has at most ${charsMax} characters.`)
  if (pattern && !pattern.test(text)) throw invalid(`${name} is ${form ?? `of the form ${pattern.source}`}.`)
  return text
}

export const optionalText = (brief: string, rules: TextRules): Parameter<string | undefined> => ({
  brief,
  isRequired: false,
  schema: textSchema(rules, 0),
  read: (name, text) => (text === undefined ? undefined : checkText(name, text, rules)),
})

export const requiredText = (brief: string, rules: TextRules): Parameter<string> => ({
  brief,
  isRequired: true,
  schema: textSchema(rules, 1),
  read(name, text) {
    if (text === undefined || text === '') throw invalid(`${name} is missing.`)
    return checkText(name, text, rules)
  },
})

export const choice = <Value extends string>(brief: string, values: readonly Value[]): Parameter<Value> => ({
  brief,
  isRequired: true,
  schema: { type: 'string', enum: values },
  read(name, text) {
    const value = values.find((each) => each === text)
    if (value === undefined) throw invalid(`${name} is one of ${values.join(', ')}.`)
    return value
  },
})

export const flag = (brief: string): Parameter<boolean> => ({
  brief,
  isRequired: false,
  schema: { type: 'string', enum: ['true', 'false'], default: 'false' },
  read(name, text = 'false') {
    if (text !== 'true' && text !== 'false') throw invalid(`${name} is true or false.`)
    return text === 'true'
  },
})

/** Parts of a signature that stands in the query belong to the signature. */
const isOfSignature = (name: string): boolean => name.startsWith('X-Amz-')

/** @throws {ApiError} ValidationException: one is missing, wrong, given twice, or not known: a misspelt one would be silently ignored. */
export function readParameters<Own extends Parameters>(own: Own, sent: URLSearchParams): Values<Own> {
  for (const name of new Set(sent.keys())) {
    if (isOfSignature(name)) continue
    if (!Object.hasOwn(own, name)) throw invalid(`There is no parameter ${name.slice(0, 64)} here.`)
    if (sent.getAll(name).length > 1) throw invalid(`${name} is given more than once.`)
  }
  const values = Object.entries(own).map(([name, parameter]) => [
    name,
    parameter.read(name, sent.get(name) ?? undefined),
  ])
  return Object.fromEntries(values) as Values<Own>
}
