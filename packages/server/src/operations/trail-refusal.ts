import type { TrailFault, TrailFaultKind } from '@opentrail/core/trail'
import { ApiError } from '../api-error/index.ts'

const codeByFault = {
  'invalid-name': 'InvalidTrailNameException',
  'invalid-arn': 'CloudTrailARNInvalidException',
  'invalid-combination': 'InvalidParameterCombinationException',
  'invalid-bucket-name': 'InvalidS3BucketNameException',
  'invalid-key-prefix': 'InvalidS3PrefixException',
  'invalid-topic-name': 'InvalidSnsTopicNameException',
  'unusable-topic': 'InsufficientSnsTopicPolicyException',
  'invalid-key-id': 'InvalidKmsKeyIdException',
  'unknown-key': 'KmsKeyNotFoundException',
  'invalid-log-role': 'InvalidCloudWatchLogsRoleArnException',
  'invalid-log-group': 'InvalidCloudWatchLogsLogGroupArnException',
  'no-organization': 'OrganizationsNotInUseException',
  'name-taken': 'TrailAlreadyExistsException',
  'too-many-trails': 'MaximumNumberOfTrailsExceededException',
  'conversion-not-permitted': 'OperationNotPermittedException',
  'invalid-tag': 'InvalidTagParameterException',
  'too-many-tags': 'TagsLimitExceededException',
  'invalid-store-arn': 'EventDataStoreARNInvalidException',
  'unknown-store': 'EventDataStoreNotFoundException',
  'invalid-channel-arn': 'ChannelARNInvalidException',
  'unknown-channel': 'ChannelNotFoundException',
  'unknown-resource': 'ResourceNotFoundException',
  'untaggable-resource': 'ResourceTypeNotSupportedException',
} as const satisfies Record<TrailFaultKind, string>

/** @throws {ApiError} the exception of the fault's kind. */
export function refuse({ kind, message }: TrailFault): never {
  throw new ApiError(codeByFault[kind], message)
}

/** @throws {ApiError} where there is a fault. */
export function refuseIf(fault: TrailFault | undefined): void {
  if (fault) refuse(fault)
}

/** What has been read. @throws {ApiError} where it could not be read. */
export const accepted = <T extends { readonly ok: true }>(read: T | TrailFault): T => (read.ok ? read : refuse(read))
