import type { AccountId, Region } from '../event/index.ts'
import { defaultSelectors } from '../selector/index.ts'
import type { Trail, TrailSettings } from './trail.ts'

export const account = '111122223333' as AccountId
export const regionOf = (name: string) => name as Region

/** A trail of which only what matters is named. */
export function trail(
  named: Partial<Omit<Trail, 'settings' | 'homeRegion'>> & {
    homeRegion?: string
    settings?: Partial<TrailSettings>
  } = {},
): Trail {
  const { homeRegion = 'us-east-1', name = 'audit', settings, ...rest } = named
  return {
    id: `${homeRegion}/${name}`,
    account,
    homeRegion: regionOf(homeRegion),
    name,
    settings: {
      bucket: 'audit-logs',
      isMultiRegion: false,
      includesGlobalServiceEvents: true,
      validatesLogFiles: false,
      isRecursive: true,
      ...settings,
    },
    selectors: defaultSelectors,
    hasCustomSelectors: false,
    tags: [],
    isLogging: false,
    createdAt: 0,
    ...rest,
  }
}
