import { bucketNameFault, keyPrefixFault } from './bucket-rules.ts'
import { encryptionKeyFault, logMembersFault, topicNameFault } from './dependency-rules.ts'
import { mergeSettings, type RequestedSettings } from './requested-settings.ts'
import { trailFault, type TrailFault } from './trail-fault.ts'
import type { TrailSettings } from './trail.ts'

/**
 * The settings that a new trail (no `current`) or a changed one would have, or what is wrong with them. Checks all that the
 * request alone can tell, for the settings in force afterwards; that the bucket can be written to is not among it.
 */
export function planSettings(
  requested: RequestedSettings,
  current: TrailSettings | undefined,
): { readonly ok: true; readonly settings: TrailSettings } | TrailFault {
  const bucket = requested.bucket ?? current?.bucket
  const settings = mergeSettings({ ...requested, bucket: bucket ?? '' }, current)
  const fault =
    combinationFault(settings) ??
    logMembersFault(requested) ??
    bucketNameFault(bucket) ??
    keyPrefixFault(settings.sentKeyPrefix ?? settings.keyPrefix ?? '') ??
    topicNameFault(requested.topic ?? '') ??
    encryptionKeyFault(requested.encryptionKey ?? '')
  return fault ?? { ok: true, settings }
}

/** A trail of all Regions that leaves global services out: only where that was asked for in so many words. */
function combinationFault({ isMultiRegion, includesGlobalServiceEvents }: TrailSettings): TrailFault | undefined {
  if (!isMultiRegion || includesGlobalServiceEvents) return undefined
  return trailFault('invalid-combination', 'Multi-Region trail must include global service events.')
}
