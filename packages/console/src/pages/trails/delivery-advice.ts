/**
 * What to do about the codes that GetTrailStatus tells: S3's for log files and digests, SNS's for notifications. Stores other than AWS's
 * have codes of their own, so there is an answer for every text.
 */
export const bucketAdvice = (code: string): string =>
  bucketAdvices.get(code) ?? (code.startsWith('KMS.') ? kmsAdvice : unknownAdvice('bucket', code))

export const topicAdvice = (code: string): string => topicAdvices.get(code) ?? unknownAdvice('topic', code)

export const logsAdvice = (code: string): string =>
  code === 'AccessDenied' || code === 'AccessDeniedException'
    ? 'Give the trail’s role logs:CreateLogStream and logs:PutLogEvents on the log group.'
    : unknownAdvice('log group', code)

const unknownAdvice = (what: string, code: string): string =>
  `The server’s log has the ${what}’s whole answer; look for ${code} there. Delivery goes on by itself once the cause is gone.`

const policyAdvice =
  'Let CloudTrail in again: the bucket’s policy has to allow cloudtrail.amazonaws.com s3:GetBucketAcl on the bucket and s3:PutObject below AWSLogs/. "opentrail bucket policy BUCKET --standard" writes that.'
const regionAdvice =
  'The bucket is in another Region, or at another address, than the server believes. Correct its entry under "buckets" in the server’s configuration.'
const credentialAdvice =
  'The store does not take the server’s own key. Renew it under "buckets" in the server’s configuration.'
const laterAdvice = 'Mostly this passes by itself. If it stays for an hour, ask whoever runs the store.'
const connectionAdvice =
  'The store cannot be reached from the server: check the network and its address in the server’s configuration.'
const spaceAdvice = 'The store is full. Make room, or edit the trail to write to another bucket.'
const kmsAdvice =
  'The trail’s KMS key cannot be used: check that it exists, is enabled, and that its policy lets CloudTrail in.'

const bucketAdvices = new Map(
  Object.entries({
    NoSuchBucket:
      'The bucket is gone. Create it again with the same name and policy, or edit the trail to write to another bucket; what waits is delivered there.',
    NotFound:
      'The bucket is gone. Create it again with the same name and policy, or edit the trail to write to another bucket; what waits is delivered there.',
    AccessDenied: policyAdvice,
    AllAccessDisabled: policyAdvice,
    AccountProblem: 'The store’s owner has a problem with its account there. Ask whoever runs the store.',
    InvalidBucketName: 'Edit the trail: the store does not take a bucket of this name.',
    PermanentRedirect: regionAdvice,
    TemporaryRedirect: regionAdvice,
    AuthorizationHeaderMalformed: regionAdvice,
    IllegalLocationConstraintException: regionAdvice,
    BadRequest: regionAdvice,
    InvalidAccessKeyId: credentialAdvice,
    SignatureDoesNotMatch: credentialAdvice,
    ExpiredToken: credentialAdvice,
    InvalidToken: credentialAdvice,
    RequestTimeTooSkewed: 'The clocks of the server and the store differ by more than 15 minutes. Set them right.',
    SlowDown: laterAdvice,
    ServiceUnavailable: laterAdvice,
    InternalError: laterAdvice,
    RequestTimeout: laterAdvice,
    OperationAborted: laterAdvice,
    NetworkingError: connectionAdvice,
    InvalidResponse:
      'What answers is no S3 store, or something stands in between. Check the bucket’s address in the server’s configuration.',
    NotImplemented:
      'The store does not know what the server sends, mostly conditional puts. Set "conditional-put": "off" for the bucket in the server’s configuration.',
    InsufficientStorage: spaceAdvice,
    QuotaExceeded: spaceAdvice,
    XMinioStorageFull: spaceAdvice,
    EntityTooLarge:
      'The store takes no objects of this size. Raise its limit, or edit the trail to write to another bucket.',
    InvalidRequest: 'The store refuses the form of the request; the server’s log has its whole answer.',
    KeyTooLongError: 'Edit the trail: its prefix makes keys that the store does not take.',
    PreconditionFailed:
      'Another object has the name of a log file. The server’s log says which; it goes on by itself under another name.',
    KmsKeyNotFound: kmsAdvice,
    KmsKeyDisabled: kmsAdvice,
  }),
)

const topicPolicyAdvice =
  'Let CloudTrail publish again: the topic’s policy has to allow cloudtrail.amazonaws.com SNS:Publish on the topic.'

const topicAdvices = new Map(
  Object.entries({
    AuthorizationError: topicPolicyAdvice,
    AccessDenied: topicPolicyAdvice,
    NotFound: 'The topic is gone. Create it again, or edit the trail to announce to another one, or to none.',
    TopicArnInvalid: 'Edit the trail: this is not the ARN of a topic.',
    InvalidParameter: 'Edit the trail: the topic’s ARN cannot be right.',
    EndpointDisabled: 'The topic’s subscriber is disabled. Enable it again.',
    Throttled: laterAdvice,
    ThrottlingException: laterAdvice,
    InternalError: laterAdvice,
    NetworkingError:
      'The topic’s service cannot be reached from the server: check the network and "sns-endpoint" in its configuration.',
    InvalidResponse: 'What answers is no SNS. Check "sns-endpoint" in the server’s configuration.',
    InvalidClientTokenId:
      'The service does not take the server’s own key. Renew "sns-access-key-id" in the server’s configuration.',
    KMSDisabled: kmsAdvice,
    KMSInvalidState: kmsAdvice,
    KMSNotFound: kmsAdvice,
    KMSAccessDenied: kmsAdvice,
    KMSThrottling: laterAdvice,
  }),
)
