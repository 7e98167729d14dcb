import type { Comparison, PathStep, SearchExpression } from './expression.ts'
import { SearchReader, type ReadValue } from './search-reader.ts'
import { attributeAt, wellKnownPath } from './well-known-names.ts'

/** What a person writes fits; what is longer is a list that somebody generated. */
export const searchCharsMax = 4_096
/** Parentheses and negations within each other. */
export const searchDepthMax = 20
/** Each is a step per record, or a part of the engine's query. */
export const searchConditionsMax = 100
export const searchListMax = 100
/** No record is deeper. */
export const pathStepsMax = 64

/**
 * Reads a search as people write it (docs/reference/search.md). Undefined: the text is empty, which means every event.
 * Linear in the text, which is untrusted.
 * @throws {SearchSyntaxError}
 */
export function parseSearch(text: string): SearchExpression | undefined {
  const reader = new SearchReader(text)
  if (text.length > searchCharsMax)
    reader.fail(`a search has at most ${searchCharsMax} characters, this one ${text.length}`, 0)
  reader.skipSpace()
  if (reader.at === text.length) return undefined
  const parser = new SearchParser(reader)
  const expression = parser.alternatives()
  if (reader.at < text.length) reader.fail(`"${reader.next()}" has nothing to belong to`)
  return expression
}

/** Recursive descent; every method begins at a token and leaves the space behind its own consumed. */
class SearchParser {
  readonly #reader: SearchReader
  #depth = 0
  #conditions = 0

  constructor(reader: SearchReader) {
    this.#reader = reader
  }

  alternatives(): SearchExpression {
    const reader = this.#reader
    const of = [this.#all()]
    while (reader.takeKeyword('or')) {
      reader.skipSpace()
      of.push(this.#all())
    }
    return joined('or', of)
  }

  /** `and` may be left out. */
  #all(): SearchExpression {
    const reader = this.#reader
    const of = [this.#negatable()]
    for (;;) {
      if (reader.takeKeyword('and')) reader.skipSpace()
      else if (reader.next() === '' || reader.next() === ')' || reader.next() === ',' || reader.peekKeyword() === 'or')
        return joined('and', of)
      of.push(this.#negatable())
    }
  }

  #negatable(): SearchExpression {
    const reader = this.#reader
    const start = reader.at
    if (reader.takeKeyword('not')) {
      reader.skipSpace()
      return this.#nested(start, () => ({ kind: 'not', of: this.#negatable() }))
    }
    if (!reader.takeCharacter('(')) return this.#condition()
    reader.skipSpace()
    return this.#nested(start, () => {
      const expression = this.alternatives()
      if (!reader.takeCharacter(')')) reader.fail(`the parenthesis that begins at ${start + 1} must be closed`)
      reader.skipSpace()
      return expression
    })
  }

  #nested(start: number, read: () => SearchExpression): SearchExpression {
    if (++this.#depth > searchDepthMax)
      this.#reader.fail(`at most ${searchDepthMax} parentheses and negations may stand within each other`, start)
    const expression = read()
    this.#depth--
    return expression
  }

  #condition(): SearchExpression {
    const reader = this.#reader
    if (++this.#conditions > searchConditionsMax) reader.fail(`a search has at most ${searchConditionsMax} conditions`)
    const condition = this.#comparison() ?? this.#text()
    reader.skipSpace()
    return condition
  }

  /** A condition that begins with a path, if this is one. */
  #comparison(): SearchExpression | undefined {
    const reader = this.#reader
    const start = reader.at
    if (reader.peekKeyword()) return undefined
    const path = readPath(reader)
    const how = path && reader.take(operator)
    if (!how) {
      reader.at = start
      return undefined
    }
    if (path.length > pathStepsMax) reader.fail(`a path has at most ${pathStepsMax} steps`, start)
    const [, sign, exists, not] = how
    if (exists !== undefined) return { kind: 'exists', path }
    const found = sign === undefined ? equality(path, this.#list()) : this.#signed(path, sign)
    return not !== undefined || sign === '!=' ? { kind: 'not', of: found } : found
  }

  #signed(path: readonly PathStep[], sign: string): SearchExpression {
    const reader = this.#reader
    reader.skipSpace()
    if (reader.peek(/[=<>~!]/y)) reader.fail('this is no operator; a value that begins so stands in quotes')
    const value = reader.value('a value')
    if (sign === '=' || sign === '!=') return equality(path, [value])
    const comparison: Comparison = sign === '~' ? 'contains' : (sign as '<' | '<=' | '>' | '>=')
    return { kind: 'path', path, comparison, values: [value.text], wildcards: false }
  }

  #list(): ReadValue[] {
    const reader = this.#reader
    reader.skipSpace()
    const start = reader.at
    if (!reader.takeCharacter('(')) reader.fail('a list in parentheses is expected behind "in"')
    const values: ReadValue[] = []
    do {
      if (values.length === searchListMax) reader.fail(`a list has at most ${searchListMax} values`, start)
      reader.skipSpace()
      values.push(reader.value('a value'))
      reader.skipSpace()
    } while (reader.takeCharacter(','))
    if (!reader.takeCharacter(')')) reader.fail('a comma or the end of the list is expected')
    return values
  }

  #text(): SearchExpression {
    const reader = this.#reader
    const start = reader.at
    if (reader.peek(/!=|[=<>~]/y)) reader.fail('an operator needs the path of a member before it')
    const { text, quoted } = reader.value('a condition')
    if (!quoted && /[=<>~]/.test(text)) reader.fail('a text with =, <, > or ~ in it stands in quotes', start)
    return { kind: 'text', text }
  }
}

const joined = (kind: 'and' | 'or', of: readonly SearchExpression[]): SearchExpression =>
  of.length === 1 && of[0] ? of[0] : { kind, of }

const name = String.raw`[\w$@:/-]+`
const quotedName = String.raw`"(?:[^"\\]|\\.)*"`
const wholePath = new RegExp(
  String.raw`(?:${name}|\[${quotedName}\])(?:\.${name}|\[(?:\d{1,9}|\*|${quotedName})\])*`,
  'sy',
)
/** What follows a path: a sign, `exists`, or `in`. */
const operator = /\s*(!=|<=|>=|[=<>~])|\s+(exists)(?=$|[\s(),])|\s+(not\s+)?in(?=$|[\s(),])/iy
const plainName = /[\w$@:/-]+/y
const index = /\d+/y

function readPath(reader: SearchReader): readonly PathStep[] | undefined {
  const whole = reader.peek(wholePath)
  if (!whole) return undefined
  const known = wellKnownPath(whole[0])
  if (known) {
    reader.at += whole[0].length
    return known
  }
  const end = reader.at + whole[0].length
  const path: PathStep[] = []
  while (reader.at < end) path.push(readStep(reader))
  return path
}

/** The next step of a path whose form has been checked. */
function readStep(reader: SearchReader): PathStep {
  reader.takeCharacter('.')
  const member = reader.take(plainName)
  if (member) return member[0]
  reader.takeCharacter('[')
  const step = reader.takeCharacter('*') ? { every: true as const } : (readIndex(reader) ?? reader.quotedText())
  reader.takeCharacter(']')
  return step
}

function readIndex(reader: SearchReader): number | undefined {
  const digits = reader.take(index)
  return digits && Number(digits[0])
}

const isPattern = ({ text, quoted }: ReadValue): boolean => !quoted && text.includes('*')

/** One of the values. Those with a wildcard are conditions of their own: in the others `*` is itself. */
function equality(path: readonly PathStep[], values: readonly ReadValue[]): SearchExpression {
  const patterns = values.filter(isPattern).map(({ text }) => text)
  const plain = values.filter((value) => !isPattern(value)).map(({ text }) => text)
  const of: SearchExpression[] = []
  if (plain.length > 0) of.push(plainEquality(path, plain))
  if (patterns.length > 0) of.push({ kind: 'path', path, comparison: '=', values: patterns, wildcards: true })
  return joined('or', of)
}

function plainEquality(path: readonly PathStep[], values: readonly string[]): SearchExpression {
  const attribute = attributeAt(path)
  return attribute
    ? { kind: 'attribute', attribute, values }
    : { kind: 'path', path, comparison: '=', values, wildcards: false }
}
