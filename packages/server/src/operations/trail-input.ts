import type { RequestedSettings, SentTag } from '@opentrail/core/trail'
import { inputMember } from './operation-input.ts'

type Input = Readonly<Record<string, unknown>>

/** The settings in CreateTrail's and UpdateTrail's input. @throws {ApiError} SerializationException: a wrong JSON type. */
export function readRequestedSettings(input: Input): RequestedSettings {
  const text = (name: string) => inputMember.string(input, name)
  const flag = (name: string) => inputMember.boolean(input, name)
  return {
    bucket: text('S3BucketName'),
    keyPrefix: text('S3KeyPrefix'),
    topic: text('SnsTopicName'),
    includesGlobalServiceEvents: flag('IncludeGlobalServiceEvents'),
    isMultiRegion: flag('IsMultiRegionTrail'),
    validatesLogFiles: flag('EnableLogFileValidation'),
    logGroupArn: text('CloudWatchLogsLogGroupArn'),
    logRoleArn: text('CloudWatchLogsRoleArn'),
    encryptionKey: text('KmsKeyId'),
    isOrganization: flag('IsOrganizationTrail'),
    isRecursive: flag('RecursiveLogging'),
  }
}

/** The member `TagsList`; undefined where it is absent. @throws {ApiError} SerializationException: a wrong JSON type. */
export const readSentTags = (input: Input): readonly SentTag[] | undefined =>
  inputMember.structures(input, 'TagsList')?.map((tag) => ({
    key: inputMember.string(tag, 'Key'),
    value: inputMember.string(tag, 'Value'),
  }))
