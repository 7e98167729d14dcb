import { xmlAnswer } from './bucket-settings.ts'
import { settingsOf, type S3Handler } from './s3-call.ts'
import { S3Error } from './s3-error.ts'
import { element, xmlDocument, type Markup } from './xml.ts'

/** What clients ask about that no bucket has here: answered as by S3 where it was never put. */

const absent =
  (code: string, message: string): S3Handler =>
  async (call) => {
    await settingsOf(call)
    throw new S3Error(code, 404, message, { details: { BucketName: call.bucket } })
  }

const empty =
  (root: string, content: readonly Markup[] = []): S3Handler =>
  async (call) => {
    await settingsOf(call)
    return xmlAnswer(xmlDocument(root, content))
  }

/** What is not there is gone. */
const nothingToDelete: S3Handler = async (call) => {
  await settingsOf(call)
  return { status: 204 }
}

/** Lists without an id, one configuration with it. */
const configurations =
  (root: string): S3Handler =>
  async (call) => {
    if (call.parameter('id') === undefined) return empty(root, [element('IsTruncated', false)])(call)
    return absent('NoSuchConfiguration', 'The specified configuration does not exist.')(call)
  }

export const unsetSettings: Readonly<Record<string, S3Handler>> = {
  DeleteBucketCors: nothingToDelete,
  DeleteBucketReplication: nothingToDelete,
  DeleteBucketWebsite: nothingToDelete,
  GetAccelerateConfiguration: empty('AccelerateConfiguration'),
  GetBucketAnalyticsConfiguration: configurations('ListBucketAnalyticsConfigurationResult'),
  GetBucketCors: absent('NoSuchCORSConfiguration', 'The CORS configuration does not exist'),
  GetBucketIntelligentTieringConfiguration: configurations('ListBucketIntelligentTieringConfigurationsOutput'),
  GetBucketInventoryConfiguration: configurations('ListInventoryConfigurationsResult'),
  GetBucketLogging: empty('BucketLoggingStatus'),
  GetBucketMetricsConfiguration: configurations('ListMetricsConfigurationsResult'),
  GetBucketNotification: empty('NotificationConfiguration'),
  GetBucketReplication: absent('ReplicationConfigurationNotFoundError', 'The replication configuration was not found'),
  GetBucketRequestPayment: empty('RequestPaymentConfiguration', [element('Payer', 'BucketOwner')]),
  GetBucketWebsite: absent('NoSuchWebsiteConfiguration', 'The specified bucket does not have a website configuration'),
}
