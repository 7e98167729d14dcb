import { ApiFailure } from '../../api/failure.ts'

/** Where in the wizard the answer to a refusal is given. */
export type WizardStep = 'general' | 'events' | 'review'

export interface RefusalAdvice {
  readonly step: WizardStep
  readonly whatToDo: string
}

/** What to do about a refusal of a trail operation; undefined where its own words are all there is to say. */
export function refusalAdvice(error: unknown): RefusalAdvice | undefined {
  if (!(error instanceof ApiFailure)) return undefined
  return advices.get(error.code.replace(/Exception$/, ''))
}

const general = (whatToDo: string): RefusalAdvice => ({ step: 'general', whatToDo })
const events = (whatToDo: string): RefusalAdvice => ({ step: 'events', whatToDo })
const review = (whatToDo: string): RefusalAdvice => ({ step: 'review', whatToDo })

const organization = review('OpenTrail has no organizations: make the trail for each account.')
const keyPolicy = general('The key’s policy has to let CloudTrail use the key; see the guide to KMS keys.')

/** By the names of CloudTrail's exceptions, without their ending. */
const advices: ReadonlyMap<string, RefusalAdvice> = new Map(
  Object.entries({
    InvalidTrailName: general('Choose a name of 3 to 128 letters, digits, periods, hyphens and underscores.'),
    TrailAlreadyExists: general('There is a trail of this name in this Region. Choose another name, or edit that one.'),
    MaximumNumberOfTrailsExceeded: review(
      'A Region has five trails at most. Delete one, or add the events to an existing one.',
    ),
    TrailNotFound: review('The trail is gone, or belongs to another Region. Look at the list again.'),
    TrailNotProvided: general('Give the trail a name.'),
    CloudTrailARNInvalid: review('The trail’s ARN cannot be right. Go back to the list and choose it there.'),
    InvalidHomeRegion: review('A trail is changed in its home Region only. Go back to the list and choose it there.'),
    S3BucketDoesNotExist: general('Create the bucket with the trail, or choose one that exists.'),
    InvalidS3BucketName: general('Choose another bucket name: 3 to 63 small letters, digits, periods and hyphens.'),
    InsufficientS3BucketPolicy: general(
      'The bucket’s policy does not let CloudTrail write below this prefix. Choose "Let CloudTrail write to it", or change the policy.',
    ),
    InvalidS3Prefix: general('Choose a prefix of at most 200 characters without empty folders.'),
    InvalidKmsKeyId: general('Give the key’s ID, ARN or alias, as "alias/logs".'),
    KmsKeyNotFound: general('There is no such key in the bucket’s Region.'),
    KmsKeyDisabled: general('Enable the key, or choose another one.'),
    Kms: general('The key cannot be used: it has to be enabled and symmetric.'),
    InsufficientEncryptionPolicy: keyPolicy,
    InvalidSnsTopicName: general('Give the topic’s name or ARN, at most 256 characters.'),
    InsufficientSnsTopicPolicy: general('Create the topic first, and let cloudtrail.amazonaws.com publish to it.'),
    CloudTrailInvalidClientTokenId: general(
      'The topic belongs to an account that SNS does not take. Choose another one.',
    ),
    InvalidCloudWatchLogsLogGroupArn: review('Log groups are not built. Remove the log group.'),
    InvalidCloudWatchLogsRoleArn: review('Log groups are not built. Remove the role.'),
    CloudWatchLogsDeliveryUnavailable: review('Log groups are not built. Remove the log group.'),
    InvalidParameterCombination: general(
      'Two of the settings exclude one another: trails for all Regions take events of global services, too.',
    ),
    InvalidParameter: review('The server’s words above say which setting it is.'),
    InvalidEventSelectors: events('Change the selection of events; the server’s words above say where.'),
    NotOrganizationMasterAccount: organization,
    OrganizationsNotInUse: organization,
    OrganizationNotInAllFeaturesMode: organization,
    CloudTrailAccessNotEnabled: organization,
    NoManagementAccountSLRExists: organization,
    InsufficientDependencyServiceAccessPermission: organization,
    InvalidTagParameter: general(
      'Change the tags: keys of 1 to 128 characters, each once, none beginning with "aws:".',
    ),
    TagsLimitExceeded: general('A trail has 50 tags at most.'),
    EventDataStoreARNInvalid: review('This is not a trail’s ARN.'),
    ChannelARNInvalid: review('This is not a trail’s ARN.'),
    ResourceTypeNotSupported: review('Only trails have tags here.'),
    ResourceNotFound: review('The trail is gone. Look at the list again.'),
    Conflict: review('The trail is being changed by somebody else. Wait a minute and try again.'),
    OperationNotPermitted: review('This change is not possible: another trail of this name is in one of the Regions.'),
    UnsupportedOperation: review('This server has not built it.'),
    Throttling: review('Too many changes at once. Wait a second and try again.'),
    AccessDenied: review('Changing trails takes an administrator’s key. Ask one, or sign in with another key.'),
    // S3's own
    BucketAlreadyExists: general('The bucket exists and is somebody else’s. Choose another name.'),
    BucketAlreadyOwnedByYou: general('The bucket exists already: choose "Use existing bucket".'),
    NoSuchBucket: general(
      'There is no such bucket on this server. Buckets of other stores are named in its configuration.',
    ),
    MalformedPolicy: general('The bucket’s policy cannot be extended. Change it by hand.'),
    TooManyBuckets: general('There are too many buckets. Use an existing one.'),
  }),
)
