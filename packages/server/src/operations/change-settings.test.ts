import assert from 'node:assert/strict'
import { test } from 'vitest'
import { createTrailService } from './trail-service.testing.ts'

const Name = 'audit'
/** A service whose bucket `slow` is asked but answers only after `answer`. */
async function withSlowBucket() {
  const service = await createTrailService()
  const { promise, resolve: answer } = Promise.withResolvers<void>()
  service.delays.set('slow', promise)
  const isAsked = async () => {
    while (service.checked.at(-1)?.bucket !== 'slow') await new Promise(setImmediate)
  }
  return { service, answer, isAsked }
}
const codeOf = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'success',
    (error: { code?: unknown }) => error.code,
  )

test('while a bucket does not answer, other changes of trails go on', async () => {
  const { service, answer, isAsked } = await withSlowBucket()
  await service.create(Name)
  const made = service.create('waiting', { S3BucketName: 'slow' })
  await isAsked()
  const updated = service.call('UpdateTrail', { Name, S3BucketName: 'slow' })
  await service.call('StartLogging', { Name })
  await service.call('StopLogging', { Name })
  answer()
  assert.equal((await made)['S3BucketName'], 'slow')
  assert.equal((await updated)['S3BucketName'], 'slow')
})

test('a name that was taken while the bucket was asked stays with the one who was faster', async () => {
  const { service, answer, isAsked } = await withSlowBucket()
  const late = codeOf(service.create(Name, { S3BucketName: 'slow' }))
  await isAsked()
  await service.create(Name)
  answer()
  assert.equal(await late, 'TrailAlreadyExistsException')
  assert.equal((await service.call('GetTrail', { Name })).Trail?.['S3BucketName'], 'audit-logs')
})

test('an update keeps what others changed while the bucket was asked', async () => {
  const { service, answer, isAsked } = await withSlowBucket()
  await service.create(Name)
  const late = service.call('UpdateTrail', { Name, S3BucketName: 'slow' })
  await isAsked()
  await service.call('StartLogging', { Name })
  await service.call('UpdateTrail', { Name, RecursiveLogging: false })
  answer()
  const { RecursiveLogging, S3BucketName } = (await late) as Record<string, unknown>
  assert.deepEqual([RecursiveLogging, S3BucketName], [false, 'slow'])
  assert.equal((await service.call('GetTrailStatus', { Name }))['IsLogging'], true)
})

test('where a trail was moved meanwhile, the place that it is to have now is asked for', async () => {
  const { service, answer, isAsked } = await withSlowBucket()
  await service.create(Name)
  const late = service.call('UpdateTrail', { Name, S3BucketName: 'slow' })
  await isAsked()
  await service.call('UpdateTrail', { Name, S3KeyPrefix: 'moved' })
  answer()
  assert.equal((await late)['S3KeyPrefix'], 'moved')
  const { bucket, keyPrefix } = service.checked.at(-1)!
  assert.deepEqual([bucket, keyPrefix], ['slow', 'moved'])
})

test('a trail that is deleted while its bucket is asked is not brought back', async () => {
  const { service, answer, isAsked } = await withSlowBucket()
  await service.create(Name)
  const late = codeOf(service.call('UpdateTrail', { Name, S3BucketName: 'slow' }))
  await isAsked()
  await service.call('DeleteTrail', { Name })
  answer()
  assert.equal(await late, 'TrailNotFoundException')
  assert.deepEqual((await service.call('DescribeTrails', {})).trailList, [])
})

test('a trail that is moved again and again is a conflict in the end', async () => {
  const service = await createTrailService()
  await service.create(Name)
  let moves = 0
  service.delays.set('slow', Promise.resolve())
  const get = service.delays.get.bind(service.delays)
  // Each time the bucket is asked, somebody else moves the trail.
  service.delays.get = (bucket) =>
    bucket === 'slow' ? service.call('UpdateTrail', { Name, S3KeyPrefix: `p${++moves}` }).then(() => {}) : get(bucket)
  assert.equal(await codeOf(service.call('UpdateTrail', { Name, S3BucketName: 'slow' })), 'ConflictException')
  assert.equal((await service.call('GetTrail', { Name })).Trail?.['S3BucketName'], 'audit-logs')
})
