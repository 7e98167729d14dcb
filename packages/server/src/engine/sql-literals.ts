import { SqlRefusedError } from './sql-tokens.ts'

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\0': '\\0',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}
const quote = (text: string): string => `'${text.replace(/[\\'\0\n\r\t]/g, (character) => escapes[character] ?? '')}'`

/** Parameters travel in TSV's escaped form (the ClickHouse HTTP interface). */
function unescapeParameter(text: string): string {
  const plain: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', '0': '\0' }
  return text.replace(/\\([^])/g, (_, character: string) => plain[character] ?? character)
}

/**
 * A parameter's value as an SQL literal of `type`. Types with numbers stay bare, so that the index is used as for any
 * other number; everything else is a quoted string, cast where it is not a String.
 * @throws {SqlRefusedError} the value is no number, or the type's name holds anything but a type.
 */
export function literal(value: string, type: string): string {
  if (/^U?Int(?:8|16|32|64|128|256)$/.test(type)) {
    if (!/^-?\d{1,78}$/.test(value))
      throw new SqlRefusedError(`a parameter is not of type ${type}`, 457, 'BAD_QUERY_PARAMETER')
    return value.startsWith('-') ? `(${value})` : value
  }
  if (!/^[A-Za-z][A-Za-z0-9_(), ]*$/.test(type)) throw new SqlRefusedError(`unknown type of parameter: ${type}`)
  if (type === 'Identifier') {
    const name = unescapeParameter(value)
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new SqlRefusedError('not an identifier', 457, 'BAD_QUERY_PARAMETER')
    return '`' + name + '`'
  }
  if (value === '\\N') return 'NULL'
  // Arrays, tuples and maps carry their own quoting and are parsed as they stand.
  const text = /^(?:Array|Tuple|Map)\b/.test(type) ? value : unescapeParameter(value)
  return type === 'String' ? quote(text) : `CAST(${quote(text)} AS ${type})`
}

/** ` SETTINGS a = 'x', ...`; a clause and not SET, which would outlive the query and reach everybody else's. */
export function settingsClause(settings: ReadonlyMap<string, string>): string {
  const parts: string[] = []
  for (const [name, value] of settings) {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new SqlRefusedError(`unknown setting ${name}`, 115, 'UNKNOWN_SETTING')
    parts.push(`${name} = ${/^\d{1,18}$/.test(value) ? value : quote(value)}`)
  }
  return parts.length === 0 ? '' : ` SETTINGS ${parts.join(', ')}`
}
