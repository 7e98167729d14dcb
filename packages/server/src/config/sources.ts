import { readFileSync } from 'node:fs'
import { jsonFault } from './values.ts'
import { suggestion } from './suggestion.ts'
import { environmentName, isSettingName, settingNames, settings, type SettingName, type Values } from './settings.ts'

/** A value as somebody wrote it, and where: the place is part of every complaint. */
interface Given {
  readonly value: unknown
  readonly place: string
}

export interface Sources {
  /** Flags by setting name, as written. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** `--config FILE`; `OPENTRAIL_CONFIG` stands in. */
  readonly file?: string
}

/** All that is wrong with a configuration, one line each. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/** A configuration file is a few lines; anything larger is a wrong path. */
const fileBytesMax = 1024 * 1024

/** Variables of the command line that are no settings of the server. */
const otherVariables = new Set(['OPENTRAIL_CONFIG', 'OPENTRAIL_ENDPOINT'])

/** Kubernetes announces a Service named "opentrail" with these; they are not meant for us. */
const isServiceLink = (name: string, value: string): boolean =>
  /^OPENTRAIL_(SERVICE_|PORT_\d)/.test(name) || (name === 'OPENTRAIL_PORT' && /^(tcp|udp):\/\//.test(value))

/** The values from flags, environment and file, in this order of precedence, each checked. @throws {ConfigurationError} */
export function readValues(sources: Sources): {
  readonly values: Values
  readonly places: ReadonlyMap<string, string>
} {
  const problems: string[] = []
  const file = sources.file ?? sources.environment['OPENTRAIL_CONFIG']
  const given = new Map<SettingName, Given>([
    ...(file === undefined ? [] : fromFile(file, problems)),
    ...fromEnvironment(sources.environment, problems),
    ...fromFlags(sources.flags, problems),
  ])
  const values: Partial<Record<SettingName, unknown>> = {}
  for (const [name, { value, place }] of given) {
    const parsed = settings[name].schema.safeParse(value)
    if (parsed.success) values[name] = parsed.data
    else problems.push(...parsed.error.issues.map((issue) => `${place}: ${name} ${issue.message}`))
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
  return { values: values as Values, places: new Map([...given].map(([name, { place }]) => [name, place])) }
}

function fromFlags(flags: Sources['flags'], problems: string[]): [SettingName, Given][] {
  const found: [SettingName, Given][] = []
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined) continue
    if (isSettingName(name)) found.push([name, { value, place: `flag --${name}` }])
    else problems.push(`flag --${name}: there is no such setting${suggestion(name, settingNames)}`)
  }
  return found
}

function fromEnvironment(environment: Sources['environment'], problems: string[]): [SettingName, Given][] {
  const names = new Map(settingNames.map((name) => [environmentName(name), name]))
  const found: [SettingName, Given][] = []
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || value === '' || !variable.startsWith('OPENTRAIL_')) continue
    if (otherVariables.has(variable) || isServiceLink(variable, value)) continue
    if (variable === environment['OPENTRAIL_ROOT_KEY_ENVIRONMENT']) continue
    const name = names.get(variable)
    if (name) found.push([name, { value, place: `environment ${variable}` }])
    else problems.push(`environment ${variable}: there is no such setting${suggestion(variable, [...names.keys()])}`)
  }
  return found
}

function fromFile(path: string, problems: string[]): [SettingName, Given][] {
  const place = `file ${path}`
  let content: unknown
  try {
    const bytes = readFileSync(path)
    if (bytes.length > fileBytesMax) throw new Error(`larger than ${fileBytesMax} bytes`)
    content = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    problems.push(`${place}: cannot be read as JSON: ${jsonFault(error)}`)
    return []
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    problems.push(`${place}: must hold one JSON object with settings as keys`)
    return []
  }
  const found: [SettingName, Given][] = []
  for (const [name, value] of Object.entries(content)) {
    if (isSettingName(name)) found.push([name, { value, place }])
    // A hint for editors, with no meaning for us.
    else if (name !== '$schema')
      problems.push(`${place}: there is no setting "${name}"${suggestion(name, settingNames)}`)
  }
  return found
}
