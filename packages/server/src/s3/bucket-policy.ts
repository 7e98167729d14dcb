import { parsePolicy, policyTextBytesMax } from '@opentrail/core/policy'
import { isPublicPolicy, publicAccessBlockOf } from './bucket-access.ts'
import { settingsOf, type S3Call, type S3Handler } from './s3-call.ts'
import { accessDenied, S3Error } from './s3-error.ts'
import { element, xmlDocument } from './xml.ts'

const noPolicy = (bucket: string): S3Error =>
  new S3Error('NoSuchBucketPolicy', 404, 'The bucket policy does not exist', { details: { BucketName: bucket } })
const malformed = (message: string): S3Error => new S3Error('MalformedPolicy', 400, message)

async function policyOf(call: S3Call): Promise<string> {
  const { policy } = (await settingsOf(call)).documents
  if (policy === undefined) throw noPolicy(call.bucket)
  return policy
}

export const GetBucketPolicy: S3Handler = async (call) => ({
  status: 200,
  headers: { 'Content-Type': 'application/json' },
  body: await policyOf(call),
})

export const GetBucketPolicyStatus: S3Handler = async (call) => {
  const reading = parsePolicy(await policyOf(call), 'resource')
  const isPublic = reading.ok && isPublicPolicy(reading.policy)
  return {
    status: 200,
    headers: { 'Content-Type': 'application/xml' },
    body: xmlDocument('PolicyStatus', [element('IsPublic', isPublic ? 'TRUE' : 'FALSE')]),
  }
}

export const PutBucketPolicy: S3Handler = async (call) => {
  const text = (await call.body.document(4 * policyTextBytesMax)).toString()
  const reading = parsePolicy(text, 'resource')
  if (!reading.ok) throw malformed(reading.message)
  call.note({ bucketPolicy: JSON.parse(text) as unknown })
  const settings = await settingsOf(call)
  if (isPublicPolicy(reading.policy) && publicAccessBlockOf(settings).BlockPublicPolicy)
    throw accessDenied(
      'Access Denied: the policy is public, and public policies are blocked by the BlockPublicPolicy setting in S3 Block Public Access.',
    )
  await call.recordFirst()
  await call.objects.changeSettings(call.bucket, ({ documents, ...rest }) => ({
    ...rest,
    documents: { ...documents, policy: text },
  }))
  return { status: 204 }
}

export const DeleteBucketPolicy: S3Handler = async (call) => {
  await call.recordFirst()
  await call.objects.changeSettings(call.bucket, ({ documents: { policy: _removed, ...documents }, ...rest }) => ({
    ...rest,
    documents,
  }))
  return { status: 204 }
}
