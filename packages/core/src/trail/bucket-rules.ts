import { trailFault, type TrailFault } from './trail-fault.ts'

const bucketCharsMin = 3
const bucketCharsMax = 63

/** Labels between dots begin and end with a letter or digit, which leaves no room for `..`, `.-` and `-.`. */
const bucketForm = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/
const addressForm = /^\d{1,3}(?:\.\d{1,3}){3}$/

const invalidName = (message: string) => trailFault('invalid-bucket-name', message)

/** Source: CloudTrail User Guide, "Amazon S3 bucket naming requirements". */
export function bucketNameFault(name: string | undefined): TrailFault | undefined {
  if (name === undefined) return invalidName('S3 bucket name cannot be blank!')
  if (name.length < bucketCharsMin || name.length > bucketCharsMax)
    return invalidName(
      `S3 bucket name must be between ${bucketCharsMin} and ${bucketCharsMax} characters long. Specified name length: ` +
        `${name.length} characters.`,
    )
  if (!bucketForm.test(name))
    return invalidName(
      'S3 bucket name can only contain lowercase letters, numbers, periods (.), and hyphens (-), and each label between ' +
        'periods must start and end with a lowercase letter or number.',
    )
  return addressForm.test(name) ? invalidName('S3 bucket name must not be in IP address format.') : undefined
}

const keyPrefixCharsMax = 200

/** What S3 documents as safe in object keys or as needing no more than escaping in URLs. */
const keyPrefixForm = /^[A-Za-z0-9!_.*'()/&$@=;:+ ,?-]*$/

const invalidPrefix = (message: string) => trailFault('invalid-key-prefix', message)

/** The folder that a prefix names: CloudTrail takes `/logs` and writes below `logs/`. Empty: none. */
export const keyFolder = (prefix: string): string => prefix.replace(/^\//, '').replace(/\/$/, '')

/**
 * An empty prefix is none. The folder and the rest of a key are joined by a slash, so two together would make a folder
 * without a name; `.` and `..` are not folders to every S3-compatible store.
 */
export function keyPrefixFault(prefix: string): TrailFault | undefined {
  if (prefix === '') return undefined
  if (prefix.length > keyPrefixCharsMax)
    return invalidPrefix(
      `S3 key prefix too long. Maximum allowed length: ${keyPrefixCharsMax} characters. Specified prefix length: ` +
        `${prefix.length} characters.`,
    )
  if (!keyPrefixForm.test(prefix))
    return invalidPrefix(
      "S3 key prefix can only contain letters, numbers, spaces, slashes, and the characters ! _ . * ' ( ) & $ @ = ; : + , ? -",
    )
  const folders = keyFolder(prefix).split('/')
  if (prefix !== '/' && folders.some((folder) => folder === '' || folder === '.' || folder === '..'))
    return invalidPrefix('No part of an S3 key prefix between slashes may be empty, "." or "..".')
  return undefined
}
