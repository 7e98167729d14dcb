import { SearchSyntaxError } from './search-syntax-error.ts'

/** These words stand for themselves in quotes only. */
export const isKeyword = (word: string): boolean => /^(?:and|or|not|in|exists)$/i.test(word)

export interface ReadValue {
  readonly text: string
  readonly quoted: boolean
}

// All of them sticky, and none can match in two ways: reading is linear in the text.
const space = /\s*/y
const keyword = /(and|or|not|in|exists)(?=$|[\s()"'=<>~!,])/iy
const bareWord = /(?:\\[\s()\\,"'=<>~!]|[^\s(),])+/y
const escapedInWord = /\\([\s()\\,"'=<>~!])/g
const afterQuoted = /$|[\s(),]/y
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }
const escape = /\\(?:u([0-9a-fA-F]{4})|([nrtbf"'\\/]))/y

/** Reads the text of a search from left to right; `at` is where it stands. */
export class SearchReader {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  fail(what: string, at = this.at): never {
    throw new SearchSyntaxError(at >= this.text.length ? `${what}, but the search ends` : what, at)
  }

  /** Steps over what the sticky expression matches here. */
  take(expression: RegExp): RegExpExecArray | undefined {
    const match = this.peek(expression)
    if (match) this.at += match[0].length
    return match
  }
  peek(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.at
    return expression.exec(this.text) ?? undefined
  }
  skipSpace(): void {
    this.take(space)
  }
  next(): string {
    return this.text.charAt(this.at)
  }
  takeCharacter(character: string): boolean {
    if (this.next() !== character) return false
    this.at++
    return true
  }

  /** The keyword that stands here, in small letters. */
  peekKeyword(): string | undefined {
    return this.peek(keyword)?.[1]?.toLowerCase()
  }
  takeKeyword(word: string): boolean {
    if (this.peekKeyword() !== word) return false
    this.at += word.length
    return true
  }

  /** A word or a text in quotes. `what` is expected, if there is none. */
  value(what: string): ReadValue {
    if (this.peekKeyword()) this.fail(`${what} is expected; quotes make a value of "${this.peekKeyword()}"`)
    if (this.next() === '"' || this.next() === "'") return { text: this.#quoted(), quoted: true }
    const word = this.take(bareWord)
    if (!word) return this.fail(`${what} is expected`)
    return { text: word[0].replace(escapedInWord, '$1'), quoted: false }
  }

  #quoted(): string {
    const start = this.at
    const text = this.quotedText()
    if (!this.peek(afterQuoted)) this.fail(`a space is expected behind the text in quotes that begins at ${start + 1}`)
    return text
  }

  /** From the opening quote to behind the closing one. */
  quotedText(): string {
    const start = this.at
    const quote = this.next()
    let text = ''
    for (this.at++; this.at < this.text.length;) {
      if (this.takeCharacter(quote)) return text
      if (this.next() === '\\') text += this.#escape()
      else text += this.text[this.at++]
    }
    return this.fail(`the quote that begins at ${start + 1} must be closed`)
  }

  #escape(): string {
    const match = this.take(escape)
    if (!match) return this.fail(String.raw`a backslash in quotes is written \\`)
    const [, hex, character = ''] = match
    return hex === undefined ? (escapes[character] ?? character) : String.fromCharCode(Number.parseInt(hex, 16))
  }
}
