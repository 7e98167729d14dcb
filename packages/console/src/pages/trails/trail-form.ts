import type { Trail, TrailSettings } from '../../api/trail-operations.ts'
import { keyFolder } from './bucket-policy.ts'

/** The wizard's first page. */
export interface TrailForm {
  readonly name: string
  readonly isMultiRegion: boolean
  readonly bucketChoice: 'new' | 'existing'
  readonly bucket: string
  readonly prefix: string
  /** Of an existing bucket: adds to its policy what CloudTrail needs. */
  readonly extendsPolicy: boolean
  readonly validates: boolean
  readonly encrypts: boolean
  readonly kmsKeyId: string
  readonly announces: boolean
  readonly topic: string
  readonly startsLogging: boolean
}

/** AWS's console proposes the same: all Regions, a bucket of its own, validation. */
export const newTrailForm = (account: string, random: string): TrailForm => ({
  name: '',
  isMultiRegion: true,
  bucketChoice: 'new',
  bucket: `aws-cloudtrail-logs-${account}-${random}`,
  prefix: '',
  extendsPolicy: true,
  validates: true,
  encrypts: false,
  kmsKeyId: '',
  announces: false,
  topic: '',
  startsLogging: true,
})

export const trailFormOf = (trail: Trail): TrailForm => ({
  name: trail.Name,
  isMultiRegion: trail.IsMultiRegionTrail,
  bucketChoice: 'existing',
  bucket: trail.S3BucketName,
  prefix: trail.S3KeyPrefix ?? '',
  extendsPolicy: false,
  validates: trail.LogFileValidationEnabled,
  encrypts: trail.KmsKeyId !== undefined && trail.KmsKeyId !== '',
  kmsKeyId: trail.KmsKeyId ?? '',
  announces: trail.SnsTopicARN !== undefined && trail.SnsTopicARN !== '',
  topic: trail.SnsTopicARN ?? '',
  startsLogging: false,
})

/** CreateTrail's input: what is not chosen is left out. */
export const createInput = (form: TrailForm): TrailSettings => ({
  Name: form.name,
  S3BucketName: form.bucket,
  ...(keyFolder(form.prefix) !== '' && { S3KeyPrefix: keyFolder(form.prefix) }),
  IsMultiRegionTrail: form.isMultiRegion,
  IncludeGlobalServiceEvents: true,
  EnableLogFileValidation: form.validates,
  ...(form.encrypts && { KmsKeyId: form.kmsKeyId.trim() }),
  ...(form.announces && { SnsTopicName: form.topic.trim() }),
})

/** UpdateTrail's input: what differs from before, and an empty text where something is taken away. */
export function updateInput(arn: string, before: TrailForm, form: TrailForm): TrailSettings | undefined {
  const changes: Omit<TrailSettings, 'Name'> = {
    ...(form.bucket !== before.bucket && { S3BucketName: form.bucket }),
    ...(keyFolder(form.prefix) !== keyFolder(before.prefix) && { S3KeyPrefix: keyFolder(form.prefix) }),
    ...(form.isMultiRegion !== before.isMultiRegion && {
      IsMultiRegionTrail: form.isMultiRegion,
      ...(form.isMultiRegion && { IncludeGlobalServiceEvents: true }),
    }),
    ...(form.validates !== before.validates && { EnableLogFileValidation: form.validates }),
    ...(keyOf(form) !== keyOf(before) && { KmsKeyId: keyOf(form) }),
    ...(topicOf(form) !== topicOf(before) && { SnsTopicName: topicOf(form) }),
  }
  return Object.keys(changes).length === 0 ? undefined : { Name: arn, ...changes }
}

const keyOf = ({ encrypts, kmsKeyId }: TrailForm): string => (encrypts ? kmsKeyId.trim() : '')
const topicOf = ({ announces, topic }: TrailForm): string => (announces ? topic.trim() : '')

export type TrailFaults = Readonly<Partial<Record<keyof TrailForm, string>>>

/** What keeps the page from being sent, by its field. The server has the last word. */
export function trailFaults(form: TrailForm): TrailFaults {
  const name = nameFault(form.name)
  const bucket = bucketFault(form.bucket)
  const prefix = prefixFault(form.prefix)
  return {
    ...(name !== undefined && { name }),
    ...(bucket !== undefined && { bucket }),
    ...(prefix !== undefined && { prefix }),
    ...(form.encrypts && form.kmsKeyId.trim() === '' && { kmsKeyId: 'Give the key’s ID, ARN or alias.' }),
    ...(form.announces && form.topic.trim() === '' && { topic: 'Give the topic’s name or ARN.' }),
  }
}

const isAddress = (text: string): boolean => /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)

export function nameFault(name: string): string | undefined {
  if (name.length < 3 || name.length > 128) return 'A name has 3 to 128 characters.'
  if (!/^[A-Za-z0-9._-]+$/.test(name)) return 'Only letters, digits, periods, hyphens and underscores.'
  if (!/^[A-Za-z0-9].*[A-Za-z0-9]$/.test(name)) return 'It begins and ends with a letter or digit.'
  if (/[._-]{2}/.test(name)) return 'No two periods, hyphens or underscores next to one another.'
  return isAddress(name) ? 'It must not look like an IP address.' : undefined
}

export function bucketFault(bucket: string): string | undefined {
  if (bucket === '') return 'Name a bucket.'
  if (bucket.length < 3 || bucket.length > 63) return 'A bucket’s name has 3 to 63 characters.'
  if (!/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(bucket))
    return 'Only small letters, digits, hyphens and periods; letters or digits at the ends and beside periods.'
  return isAddress(bucket) ? 'It must not look like an IP address.' : undefined
}

export function prefixFault(prefix: string): string | undefined {
  if (prefix === '') return undefined
  if (prefix.length > 200) return 'A prefix has at most 200 characters.'
  if (!/^[A-Za-z0-9!_.*'()/&$@=;:+ ,?-]*$/.test(prefix))
    return "Only letters, digits, spaces, slashes and ! _ . * ' ( ) & $ @ = ; : + , ? -"
  const isBad = keyFolder(prefix)
    .split('/')
    .some((folder) => ['', '.', '..'].includes(folder))
  return prefix !== '/' && isBad ? 'No part between slashes may be empty, "." or "..".' : undefined
}
