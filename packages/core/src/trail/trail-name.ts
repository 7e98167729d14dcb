import { trailFault, type TrailFault } from './trail-fault.ts'

export const trailNameCharsMax = 128
const charsMin = 3

const invalid = (message: string) => trailFault('invalid-name', message)
const length = (rule: string, specified: number) =>
  invalid(`Trail name too ${rule} characters. Specified name length: ${specified} characters.`)

/**
 * The name of a new trail. The words are AWS's, errors of grammar included, as far as they are known; its documents give
 * none for adjacent punctuation and addresses.
 * Source: CloudTrail User Guide, "Naming requirements for CloudTrail resources".
 */
export function readTrailName(sent: string | undefined): { readonly ok: true; readonly name: string } | TrailFault {
  if (sent === undefined) return invalid('Trail name cannot be blank!')
  return nameFault(sent) ?? { ok: true, name: sent }
}

/** What keeps a text from being a trail's name. */
export function nameFault(name: string): TrailFault | undefined {
  if (name.length < charsMin) return length(`short. Minimum allowed length: ${charsMin}`, name.length)
  if (name.length > trailNameCharsMax) return length(`long. Maximum allowed length: ${trailNameCharsMax}`, name.length)
  if (!/^[A-Za-z0-9]/.test(name)) return invalid('Trail name must starts with a letter or number.')
  if (!/[A-Za-z0-9]$/.test(name)) return invalid('Trail name must ends with a letter or number.')
  if (!/^[A-Za-z0-9._-]+$/.test(name))
    return invalid(
      'Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), ' +
        'and underscores (_).',
    )
  if (/[._-]{2}/.test(name))
    return invalid('Trail name must not have adjacent periods (.), hyphens (-), or underscores (_).')
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(name)) return invalid('Trail name must not be in IP address format.')
  return undefined
}
