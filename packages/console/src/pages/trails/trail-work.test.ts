import assert from 'node:assert/strict'
import { test } from 'vitest'
import { doWork, hasCreated, planWork, type Work, type WorkPorts } from './trail-work.ts'

const trailArn = 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit'
const work: Work = {
  trailArn,
  delivery: { bucket: 'logs', prefix: '', account: '111122223333', trailArn },
  bucket: 'create',
  settings: { operation: 'CreateTrail', input: { Name: 'audit', S3BucketName: 'logs' } },
  selectors: { EventSelectors: [{}] },
  startsLogging: true,
}

function world(fails?: string) {
  const calls: string[] = []
  const call = async (name: string) => {
    calls.push(name)
    if (name === fails) throw new Error(name)
    return undefined
  }
  const ports: WorkPorts = {
    createBucket: () => call('CreateBucket'),
    getBucketPolicy: async () => undefined,
    putBucketPolicy: () => call('PutBucketPolicy'),
    trails: (operation) => call(operation),
  }
  return { calls, ports }
}

const all = ['CreateBucket', 'PutBucketPolicy', 'CreateTrail', 'PutEventSelectors', 'StartLogging']

test('a trail is made in the order in which its parts need one another', async () => {
  const { calls, ports } = world()
  const told: string[] = []
  await doWork(planWork(work), new Set(), ports, ({ name }) => told.push(name))
  assert.deepEqual(calls, all)
  assert.equal(told.length, all.length)
})

test('whichever step fails, trying again does the rest only', async () => {
  for (const [index, fails] of all.entries()) {
    const done = new Set<string>()
    const first = world(fails)
    await assert.rejects(doWork(planWork(work), done, first.ports, () => {}))
    assert.equal(hasCreated(done), index > 2)
    const second = world()
    await doWork(planWork(work), done, second.ports, () => {})
    assert.deepEqual(second.calls, all.slice(index))
  }
})

test('a step that is another one now is done', async () => {
  const done = new Set<string>()
  await doWork(planWork(work), done, world().ports, () => {})
  const { calls, ports } = world()
  await doWork(planWork({ ...work, delivery: { ...work.delivery, prefix: 'a' } }), done, ports, () => {})
  assert.deepEqual(calls, ['PutBucketPolicy'])
})

test('what is as it was is not touched', () => {
  const { settings: _, selectors: __, ...rest } = work
  assert.deepEqual(planWork({ ...rest, bucket: 'leave', startsLogging: false }), [])
})
