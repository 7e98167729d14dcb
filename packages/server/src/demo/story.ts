import { createDice } from './dice.ts'
import { deploy } from './deployments.ts'
import { incident } from './incident.ts'
import { work } from './people.ts'
import { toRecord, type Stage } from './record.ts'
import { serve } from './workloads.ts'

export interface StoryRequest {
  readonly account: string
  readonly region: string
  readonly leadingRegion: string
  readonly otherRegion: string
  readonly seed: number
  /** The story's last moment, ms since the epoch. */
  readonly end: number
}

const hourMs = 3_600_000

/** Where the story plays for who calls `region`. The other one is in the default list of Regions; an installation without it refuses its records. */
export const storyRegions = (region: string, leadingRegion = 'us-east-1') => ({
  region,
  leadingRegion,
  otherRegion: region === 'eu-west-1' ? 'us-west-2' : 'eu-west-1',
})

/**
 * An hour of an invented shop, oldest record first. The same request tells the same story; another moment gives other event
 * ids, so that a repeated demo is new and not a contradiction of the one before.
 */
export function tellStory({ seed, end, ...place }: StoryRequest): object[] {
  const start = Math.floor(end / 1_000) * 1_000 - hourMs
  const dice = createDice(`${seed}/${start}/${place.account}/${place.region}`)
  const stage: Stage = { ...place, start, dice }
  const happenings = [...deploy(stage), ...work(stage), ...serve(stage), ...incident(stage)]
  return happenings.sort((a, b) => a.at - b.at).map((happening) => toRecord(stage, happening))
}
