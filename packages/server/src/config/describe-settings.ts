import { formatByteSize } from './values.ts'
import { environmentName, settingNames, settings, type Setting } from './settings.ts'

/** One row of the configuration reference. */
export interface SettingDescription {
  readonly name: string
  readonly flag: string
  readonly environment: string
  readonly brief: string
  /** As text; undefined for a setting that is off unless given. */
  readonly fallback: string | undefined
}

export const describeSettings = (): SettingDescription[] =>
  settingNames.map((name) => {
    const setting: Setting = settings[name]
    return {
      name,
      flag: setting.placeholder === undefined ? `--${name}` : `--${name} ${setting.placeholder}`,
      environment: environmentName(name),
      brief: setting.brief,
      fallback: describeFallback(name, setting),
    }
  })

function describeFallback(name: string, { fallback, fallbackText }: Setting): string | undefined {
  if (fallbackText !== undefined) return fallbackText
  if (fallback === undefined) return undefined
  const isSize = name.includes('bytes') && typeof fallback === 'number'
  return `\`${isSize ? formatByteSize(fallback) : JSON.stringify(fallback).replaceAll('"', '')}\``
}
