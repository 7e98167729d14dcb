import { keyFolder } from './bucket-rules.ts'
import type { TrailSettings } from './trail.ts'

/** What CreateTrail and UpdateTrail ask for. Undefined: not mentioned. An empty text clears, as the clients do it. */
export interface RequestedSettings {
  readonly bucket?: string | undefined
  readonly keyPrefix?: string | undefined
  /** A name, or an ARN. */
  readonly topic?: string | undefined
  readonly includesGlobalServiceEvents?: boolean | undefined
  readonly isMultiRegion?: boolean | undefined
  readonly validatesLogFiles?: boolean | undefined
  readonly logGroupArn?: string | undefined
  readonly logRoleArn?: string | undefined
  /** Id, alias, or the ARN of either. */
  readonly encryptionKey?: string | undefined
  readonly isOrganization?: boolean | undefined
  readonly isRecursive?: boolean | undefined
}

/**
 * The settings in force afterwards: what is not mentioned stays as it is, or gets AWS's default in a new trail. Global
 * services follow the change between one Region and all where they are not mentioned themselves.
 * Source: CloudTrail User Guide, "Creating, updating, and managing trails with the AWS CLI".
 */
export function mergeSettings(
  requested: RequestedSettings & { readonly bucket: string },
  current: TrailSettings | undefined,
): TrailSettings {
  const isMultiRegion = requested.isMultiRegion ?? current?.isMultiRegion ?? false
  const topic = requested.topic ?? current?.topic ?? ''
  const encryptionKey = requested.encryptionKey ?? current?.encryptionKey ?? ''
  return {
    bucket: requested.bucket,
    ...prefixSettings(requested.keyPrefix ?? current?.sentKeyPrefix ?? current?.keyPrefix ?? ''),
    ...(topic !== '' && { topic }),
    ...(encryptionKey !== '' && { encryptionKey }),
    isMultiRegion,
    includesGlobalServiceEvents: requested.includesGlobalServiceEvents ?? followingGlobal(isMultiRegion, current),
    validatesLogFiles: requested.validatesLogFiles ?? current?.validatesLogFiles ?? false,
    isRecursive: requested.isRecursive ?? current?.isRecursive ?? true,
  }
}

function followingGlobal(isMultiRegion: boolean, current: TrailSettings | undefined): boolean {
  if (isMultiRegion || !current) return true
  return current.isMultiRegion ? false : current.includesGlobalServiceEvents
}

function prefixSettings(sent: string): Pick<TrailSettings, 'keyPrefix' | 'sentKeyPrefix'> {
  const keyPrefix = keyFolder(sent)
  return { ...(keyPrefix !== '' && { keyPrefix }), ...(keyPrefix !== sent && { sentKeyPrefix: sent }) }
}
