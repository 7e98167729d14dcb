import type { AccountId, Region } from '@opentrail/core/event'
import { defaultSelectors, type TrailSelectors } from '@opentrail/core/selector'
import type { Trail } from '@opentrail/core/trail'
import { bucketNames } from './simulated-buckets.ts'
import { accounts, chance, dataResources, pick, regions, values, type Dice } from './workload.ts'

/** Where a trail can be: three per account, homed in both Regions. */
export interface TrailPlace {
  readonly account: AccountId
  readonly name: string
  readonly homeRegion: Region
}

const places: readonly TrailPlace[] = accounts.flatMap((account) =>
  ['first', 'second', 'third'].map((name, index) => ({ account, name, homeRegion: regions[index % 2]! })),
)

export interface TrailEdit {
  readonly eventName: string
  readonly after: Trail | undefined
}

/** Makes up what is done to trails; every change of a destination gets a prefix of its own, by which its files are known. */
export function createTrailWorkload(dice: Dice, { validates }: { readonly validates: boolean }) {
  let trailsMade = 0
  let prefixes = 0

  const destination = () => ({ bucket: pick(dice, bucketNames), keyPrefix: `p${++prefixes}` })

  const newTrail = (place: TrailPlace, createdAt: number): Trail => ({
    ...place,
    id: `trail-${++trailsMade}`,
    settings: {
      ...destination(),
      isMultiRegion: chance(dice, 0.4),
      includesGlobalServiceEvents: true,
      validatesLogFiles: validates,
      isRecursive: true,
    },
    selectors: defaultSelectors,
    hasCustomSelectors: false,
    tags: [],
    isLogging: false,
    createdAt,
  })

  const edits: readonly ((before: Trail) => TrailEdit)[] = [
    toggle,
    toggle,
    toggle,
    (before) => ({
      eventName: 'PutEventSelectors',
      after: { ...before, selectors: chooseSelectors(dice), hasCustomSelectors: true },
    }),
    (before) => ({
      eventName: 'PutEventSelectors',
      after: { ...before, selectors: chooseSelectors(dice), hasCustomSelectors: true },
    }),
    (before) => update(before, { isMultiRegion: !before.settings.isMultiRegion }),
    (before) => update(before, destination()),
    (before) => update(before, destination()),
    (before) => ({ eventName: 'AddTags', after: { ...before, tags: [{ key: `tag-${prefixes}` }] } }),
    () => ({ eventName: 'DeleteTrail', after: undefined }),
    // Off and on again ends a chain and begins another.
    ...(validates
      ? [(before: Trail) => update(before, { validatesLogFiles: !before.settings.validatesLogFiles })]
      : []),
  ]

  return {
    place: (): TrailPlace => pick(dice, places),
    edit(place: TrailPlace, before: Trail | undefined, now: number): TrailEdit {
      if (!before) return { eventName: 'CreateTrail', after: newTrail(place, now) }
      if (!before.isLogging && chance(dice, 0.5)) return toggle(before)
      return pick(dice, edits)(before)
    },
  }
}

const toggle = (before: Trail): TrailEdit => ({
  eventName: before.isLogging ? 'StopLogging' : 'StartLogging',
  after: { ...before, isLogging: !before.isLogging },
})

const update = (before: Trail, settings: Partial<Trail['settings']>): TrailEdit => ({
  eventName: 'UpdateTrail',
  after: { ...before, settings: { ...before.settings, ...settings } },
})

/** Few forms with few values, so that each takes some events and leaves others. */
export function chooseSelectors(dice: Dice): TrailSelectors {
  if (chance(dice, 0.4))
    return {
      kind: 'basic',
      selectors: [
        {
          ReadWriteType: pick(dice, ['All', 'ReadOnly', 'WriteOnly'] as const),
          IncludeManagementEvents: chance(dice, 0.8),
          DataResources: chance(dice, 0.5)
            ? [{ Type: 'AWS::S3::Object', Values: [pick(dice, ['arn:aws:s3:::one/', 'arn:aws:s3:::two/a'])] }]
            : [],
          ExcludeManagementEventSources: chance(dice, 0.3) ? [pick(dice, values.EventSource)] : [],
        },
      ],
    }
  const forms = [
    [{ Field: 'eventCategory', Equals: ['Management'] }],
    [
      { Field: 'eventCategory', Equals: ['Management'] },
      { Field: 'readOnly', Equals: [pick(dice, ['true', 'false'])] },
    ],
    [
      { Field: 'eventCategory', Equals: ['Data'] },
      { Field: 'resources.type', Equals: [pick(dice, dataResources.type)] },
      { Field: 'eventName', NotEquals: [pick(dice, values.EventName)] },
    ],
    [
      { Field: 'eventCategory', Equals: ['Data'] },
      { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
      { Field: 'resources.ARN', StartsWith: ['arn:aws:s3:::one/'] },
    ],
    [
      { Field: 'eventCategory', Equals: ['NetworkActivity'] },
      { Field: 'eventSource', Equals: [pick(dice, values.EventSource)] },
    ],
  ]
  const selectors = [pick(dice, forms), pick(dice, forms)].map((FieldSelectors) => ({ FieldSelectors }))
  return { kind: 'advanced', selectors }
}

export type TrailWorkload = ReturnType<typeof createTrailWorkload>
