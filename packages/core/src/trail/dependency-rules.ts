import type { RequestedSettings } from './requested-settings.ts'
import { trailFault, type TrailFault } from './trail-fault.ts'

const topicCharsMax = 256
/** A standard topic; CloudTrail does not publish to FIFO topics. */
const topicForm = /^(?:arn:aws[a-z-]*:sns:[a-z0-9-]{1,32}:\d{12}:)?[A-Za-z0-9_-]+$/

/** An empty name is none. Source: CloudTrail API Reference, CreateTrail, SnsTopicName. */
export function topicNameFault(topic: string): TrailFault | undefined {
  if (topic === '') return undefined
  if (topic.length > topicCharsMax)
    return trailFault(
      'invalid-topic-name',
      `SNS topic name too long. Maximum allowed length: ${topicCharsMax} characters. Specified name length: ` +
        `${topic.length} characters.`,
    )
  if (topicForm.test(topic)) return undefined
  return trailFault(
    'invalid-topic-name',
    'SNS topic name or ARN can only contain uppercase letters, lowercase letters, numbers, hyphens (-), and underscores (_).',
  )
}

const keyId = 'mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const keyAlias = 'alias/[A-Za-z0-9/_-]{1,250}'
const keyArn = String.raw`arn:aws[a-z-]*:kms:[a-z0-9-]{1,32}:\d{12}:`
const keyForm = new RegExp(`^(?:${keyId}|${keyAlias}|${keyArn}(?:key/(?:${keyId})|${keyAlias}))$`)

/** Empty is none. Source: CloudTrail API Reference, CreateTrail, KmsKeyId: key id, alias, or the ARN of either. */
export function encryptionKeyFault(key: string): TrailFault | undefined {
  if (key === '' || keyForm.test(key)) return undefined
  return trailFault('invalid-key-id', 'KmsKeyId must be a key id, an alias (alias/<name>), or the ARN of either.')
}

/** Role and log group come together or not at all. */
export function logMembersFault({ logGroupArn = '', logRoleArn = '' }: RequestedSettings): TrailFault | undefined {
  if (logGroupArn !== '' && logRoleArn === '')
    return trailFault('invalid-log-role', 'You must specify a role ARN as well as a log group.')
  if (logGroupArn === '' && logRoleArn !== '')
    return trailFault('invalid-log-group', 'You must specify a log group as well as a role ARN.')
  return undefined
}

/** This version has no log groups, so whichever is asked for does not exist; the words are those of AWS for one that does not. */
export function dependencyFault({ logGroupArn }: RequestedSettings): TrailFault | undefined {
  if (logGroupArn) return trailFault('invalid-log-group', "Check the log group ARN: CloudTrail can't validate it.")
  return undefined
}

/** What this version cannot do for a trail at all. `account` is the caller's. */
export function supportFault(requested: RequestedSettings, account: string): TrailFault | undefined {
  if (requested.isOrganization)
    return trailFault(
      'no-organization',
      `The account ${account} does not belong to an organization: organizations are not built in this version of OpenTrail.`,
    )
  return undefined
}
