import { SqlRefusedError, sqlTokens, type SqlToken } from './sql-tokens.ts'
import { literal, settingsClause } from './sql-literals.ts'

/** One statement that may run. `data` says that the rows follow the statement instead of being part of it. */
export interface AdmittedStatement {
  readonly kind: 'query' | 'insert-data' | 'definition'
  readonly text: string
  /** Of `insert-data`: where the clauses FROM INFILE and SETTINGS belong (before FORMAT), and the FORMAT clause. */
  readonly head?: string
  readonly format?: string
  /** Of `insert-data`: rows that stood behind the FORMAT clause in the statement itself. */
  readonly inlineData?: string
}

// Statements that only read or write our tables. SET, USE, SYSTEM, ATTACH, BACKUP, GRANT and EXECUTE are missing on
// purpose: they change the connection or the server under everybody else.
const queries = new Set(['SELECT', 'WITH', 'SHOW', 'DESCRIBE', 'DESC', 'EXISTS', 'EXPLAIN', 'KILL', 'CHECK'])
const definitions = new Set(['CREATE', 'DROP', 'ALTER', 'OPTIMIZE', 'TRUNCATE', 'RENAME', 'EXCHANGE', 'DELETE'])

// Readers of files and networks. The engine's grants refuse most of them too; scalar file() is not covered by grants.
const outsideFunctions =
  /^(?:file|filecluster|url|urlcluster|urlwithheaders|remote|remotesecure|cluster|clusterallreplicas|s3.*|gcs|oss|cosn|hdfs.*|azureblobstorage.*|mysql|postgresql|mongodb|redis|sqlite|odbc|jdbc|executable|iceberg.*|deltalake.*|hudi.*|paimon.*|python|ytsaurus|arrowflight|arrowstream|catboostevaluate|input|fuzz.*)$/i

function unquoted(token: SqlToken): string {
  return token.kind === 'quoted-name' ? token.text.slice(1, -1) : token.text
}

function isWord(token: SqlToken | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text.toUpperCase())
}

function refuseOutside(tokens: readonly SqlToken[]): void {
  for (const [index, token] of tokens.entries()) {
    const following = tokens[index + 1]
    if (isWord(token, 'OUTFILE', 'INFILE'))
      throw new SqlRefusedError(`${token.text.toUpperCase()} is not allowed`, 497, 'ACCESS_DENIED')
    const named = token.kind === 'word' || token.kind === 'quoted-name'
    if (named && following?.text === '(' && outsideFunctions.test(unquoted(token)))
      throw new SqlRefusedError(`the function ${unquoted(token)} is not allowed`, 497, 'ACCESS_DENIED')
  }
}

/** Puts each `{name:Type}` in as an escaped literal. A parameter is data: it can never become another kind of text. */
function substitute(statement: string, tokens: readonly SqlToken[], parameters: ReadonlyMap<string, string>): string {
  let text = ''
  let from = 0
  for (const token of tokens) {
    if (token.kind !== 'parameter') continue
    const colon = token.text.indexOf(':')
    const name = token.text.slice(1, colon).trim()
    const value = parameters.get(name)
    if (value === undefined)
      throw new SqlRefusedError(`Substitution \`${name}\` is not set`, 456, 'UNKNOWN_QUERY_PARAMETER')
    text += statement.slice(from, token.at) + literal(value, token.text.slice(colon + 1, -1).trim())
    from = token.at + token.text.length
  }
  return text + statement.slice(from)
}

/** `INSERT ... FORMAT name data`: everything behind the format's name is data, which no lexer may look at. */
const insertWithFormat =
  /^\s*INSERT\s+INTO\s+[^'"();]*?(?:\([^'"();]*\))?\s*?(\bFORMAT\s+([A-Za-z][A-Za-z0-9]*))(?=\s|$)/i

function admitInsertData(statement: string): AdmittedStatement | undefined {
  const match = insertWithFormat.exec(statement)
  if (!match) return undefined
  const [whole, clause, format] = match as unknown as readonly [string, string, string]
  const head = whole.slice(0, whole.length - clause.length)
  const tokens = sqlTokens(head)
  refuseOutside(tokens)
  if (tokens.some((token) => isWord(token, 'SELECT', 'VALUES', 'FUNCTION', 'FROM')) || format.toUpperCase() === 'SQL')
    throw new SqlRefusedError('INSERT with FORMAT takes a table and columns only')
  return {
    kind: 'insert-data',
    text: whole,
    head,
    format,
    inlineData: statement.slice(whole.length).replace(/^\s/, ''),
  }
}

/**
 * Lets exactly one harmless statement through, with parameters put in. The engine itself would run several, write files
 * and change settings for everybody (each of these was observed).
 * @throws {SqlRefusedError} with ClickHouse's code for it.
 */
export function admitStatement(statement: string, parameters: ReadonlyMap<string, string>): AdmittedStatement {
  const insert = admitInsertData(statement)
  if (insert) return insert
  let tokens = sqlTokens(statement)
  while (tokens.at(-1)?.text === ';') tokens = tokens.slice(0, -1)
  const end = tokens.at(-1)
  if (!end) throw new SqlRefusedError('empty statement')
  if (tokens.some((token) => token.text === ';')) throw new SqlRefusedError('exactly one statement per request')
  refuseOutside(tokens)
  const text = substitute(statement.slice(0, end.at + end.text.length), tokens, parameters)
  const first = tokens.find((token) => token.text !== '(')?.text.toUpperCase() ?? ''
  if (queries.has(first) || first === 'INSERT') {
    if (first === 'KILL' && tokens.some((token) => isWord(token, 'SYNC')))
      throw new SqlRefusedError('KILL ... SYNC never returns here; use ASYNC', 48, 'NOT_IMPLEMENTED')
    return { kind: 'query', text }
  }
  if (definitions.has(first)) return { kind: 'definition', text }
  throw new SqlRefusedError(`statements that begin with ${first} are not allowed`, 497, 'ACCESS_DENIED')
}

/** The statement as the engine gets it. `spool` is the file that holds an insert's rows. */
export function statementText(
  statement: AdmittedStatement,
  settings: ReadonlyMap<string, string>,
  spool?: string,
): string {
  const clause = settingsClause(settings)
  if (statement.kind === 'insert-data')
    return `${statement.head} FROM INFILE ${literal(spool ?? '', 'String')}${clause} FORMAT ${statement.format}`
  return statement.kind === 'query' ? statement.text + clause : statement.text
}
