import { isDeepStrictEqual } from 'node:util'
import { dependencyFault, trailTopicArn, wireSettings, type RequestedSettings, type Trail } from '@opentrail/core/trail'
import { ApiError } from '../api-error/index.ts'
import type { OperationContext } from './operation.ts'
import { refuseUnusableDestination } from './refuse-destination.ts'
import { resolveKey } from './resolve-key.ts'
import { refuseUnusableTopic } from './refuse-topic.ts'
import { refuseIf } from './trail-refusal.ts'

/** A trail that is made (no `before`) or gets other settings. */
export interface SettingsChange {
  readonly before: Trail | undefined
  readonly after: Trail
}

/** Each further one means that another call has moved the trail to another bucket, prefix, topic or key while these were asked. */
const attemptsMax = 3

/**
 * Makes the change that `plan` finds and answers the trail's settings. Its bucket, key and topic are asked first and while other changes go
 * on, so one that hangs holds up nobody's StopLogging; what came out is planned once more before it is saved. `plan` throws
 * what can be told without the bucket, and is always called while no other change is under way.
 * @throws {ApiError} what `plan` throws, and what is wrong with bucket, topic, key or log group; Conflict
 */
export async function changeSettings(
  context: Pick<OperationContext, 'trails' | 'checkDestination' | 'topics' | 'keys' | 'bucketRegion' | 'commit'>,
  requested: RequestedSettings,
  plan: () => SettingsChange,
): Promise<Record<string, unknown>> {
  const { trails, checkDestination, topics, commit } = context
  let { after: checked } = await trails.change(async () => plan())
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    await refuseUnusableDestination(checked, checkDestination)
    const keyArn = await resolveKey(checked, context)
    await refuseUnusableTopic(checked, topics)
    refuseIf(dependencyFault(requested))
    const made = await trails.change(async (save) => {
      const { before, after: planned } = plan()
      if (!isSameDestination(planned, checked)) return { after: planned }
      const after = withKey(planned, keyArn)
      const output = { ...wireSettings(after), ...(before && clearedTopic(requested)) }
      if (!isDeepStrictEqual(after.settings, before?.settings)) await save({ before, after, output }, commit)
      return { after, output }
    })
    if (made.output) return made.output
    checked = made.after
  }
  throw new ApiError('ConflictException', 'The trail is being changed by other calls at the moment; try again.')
}

const isSameDestination = (a: Trail, b: Trail): boolean =>
  a.settings.bucket === b.settings.bucket &&
  a.settings.keyPrefix === b.settings.keyPrefix &&
  trailTopicArn(a) === trailTopicArn(b) &&
  a.settings.encryptionKey === b.settings.encryptionKey

/** By its ARN: an alias may name another key tomorrow. */
const withKey = (trail: Trail, encryptionKey: string | undefined): Trail =>
  encryptionKey === undefined ? trail : { ...trail, settings: { ...trail.settings, encryptionKey } }

/** A topic that was cleared is answered as empty texts, as AWS does it. */
const clearedTopic = ({ topic }: RequestedSettings) => (topic === '' ? { SnsTopicName: '', SnsTopicARN: '' } : {})
