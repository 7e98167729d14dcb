import { cloudTrailBucketPolicy, cloudTrailService } from './cloudtrail-bucket-policy.ts'

/** A policy with placeholders, as tools that set a trail up fetch it from CloudTrail's public bucket of their Region. */
export interface PolicyTemplate {
  readonly key: string
  /** JSON, of one partition; in it placeholders such as `<BucketName>`. */
  readonly text: string
}

/**
 * The policies that a trail's new bucket and topic need, under the keys by which `aws cloudtrail create-subscription` asks for
 * them. The bucket's is the standard one; the topic's lets in trails of the topic's own account.
 * `partition`: `aws`, `aws-cn`, `aws-us-gov`.
 * Source of keys and placeholders: the AWS CLI, which replaces them. `<Prefix>/` goes altogether where there is none.
 */
export const policyTemplates = (partition: string): readonly PolicyTemplate[] => [
  {
    key: 'policy/S3/AWSCloudTrail-S3BucketPolicy-2014-12-17.json',
    text: readable(
      cloudTrailBucketPolicy({
        partition,
        bucket: '<BucketName>',
        prefix: '<Prefix>',
        accounts: ['<CustomerAccountID>'],
      }),
    ),
  },
  {
    key: 'policy/SNS/AWSCloudTrail-SnsTopicPolicy-2014-12-17.json',
    text: readable(topicPolicyTemplate(partition)),
  },
]

const topicPolicyTemplate = (partition: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AWSCloudTrailSNSPolicy20150319',
        Effect: 'Allow',
        Principal: { Service: cloudTrailService },
        Action: 'SNS:Publish',
        Resource: `arn:${partition}:sns:<Region>:<SNSTopicOwnerAccountId>:<SNSTopicName>`,
        Condition: { StringEquals: { 'aws:SourceAccount': '<SNSTopicOwnerAccountId>' } },
      },
    ],
  })

/** People read it before they use it. */
const readable = (json: string): string => `${JSON.stringify(JSON.parse(json), undefined, 2)}\n`
