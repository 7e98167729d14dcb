/** A lexical piece of a statement; `text` as written, comments left out. */
export interface SqlToken {
  readonly kind: 'word' | 'quoted-name' | 'string' | 'number' | 'symbol' | 'parameter'
  readonly text: string
  /** Where it starts in the statement. */
  readonly at: number
}

/** The statement is refused before the engine sees it; `code` and `type` are ClickHouse's for the same fault. */
export class SqlRefusedError extends Error {
  override readonly name = 'SqlRefusedError'
  readonly code: number
  readonly type: string
  constructor(message: string, code = 62, type = 'SYNTAX_ERROR') {
    super(message)
    this.code = code
    this.type = type
  }
}

// The engine's own lexer knows more forms (heredocs, `#` comments, typographic quotes). What two lexers could read
// differently is refused here: outside strings only plain ASCII, and no character that opens such a form.
const patterns: readonly (readonly [SqlToken['kind'] | 'space', RegExp])[] = [
  ['space', /(?:[ \t\r\n\f\v]+|--[^\n]*|\/\*(?:[^*/]|\*(?!\/)|\/(?!\*))*\*\/)/y],
  ['parameter', /\{[ \t\r\n]*[A-Za-z_][A-Za-z0-9_]*[ \t\r\n]*:[^{}'"`\\;]*\}/y],
  ['word', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['number', /[0-9][A-Za-z0-9_.]*/y],
  ['string', /'(?:[^'\\]|\\[^]|'')*'/y],
  ['quoted-name', /(?:`[^`\\]*`|"[^"\\]*")/y],
  ['symbol', /[()[\],.;=<>!+\-*/%?:|@^{}]/y],
]

/**
 * Splits a statement. Untrusted input: what is not surely read as the engine reads it is refused.
 * @throws {SqlRefusedError}
 */
export function sqlTokens(statement: string): SqlToken[] {
  if (statement.includes('\0')) throw new SqlRefusedError('a statement cannot contain a NUL character')
  const tokens: SqlToken[] = []
  let at = 0
  next: while (at < statement.length) {
    for (const [kind, pattern] of patterns) {
      pattern.lastIndex = at
      const text = pattern.exec(statement)?.[0]
      if (text === undefined) continue
      if (kind !== 'space') tokens.push({ kind, text, at })
      at += text.length
      continue next
    }
    throw new SqlRefusedError(`unexpected character at position ${at + 1}`)
  }
  return tokens
}
