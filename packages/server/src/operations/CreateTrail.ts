import type { AccountId, Region } from '@opentrail/core/event'
import { defaultSelectors } from '@opentrail/core/selector'
import {
  planSettings,
  readTags,
  readTrailName,
  roomFault,
  supportFault,
  type Tag,
  type Trail,
  type TrailSettings,
} from '@opentrail/core/trail'
import { uuid, type Random } from '../clock/index.ts'
import { changeSettings } from './change-settings.ts'
import { defineOperation } from './define-operation.ts'
import type { Operation } from './operation.ts'
import { inputMember } from './operation-input.ts'
import { readRequestedSettings, readSentTags } from './trail-input.ts'
import { accepted, refuseIf } from './trail-refusal.ts'

/** Makes a trail in the called Region. It does not log before StartLogging. `random`: for the trail's id. */
export const createCreateTrail = (random: Random): Operation =>
  defineOperation('CreateTrail', async (input, context) => {
    const { caller, region: homeRegion, regions, clocks, trails } = context
    const sentName = inputMember.string(input, 'Name')
    const requested = readRequestedSettings(input)
    const sentTags = readSentTags(input)
    const { name } = accepted(readTrailName(sentName))
    const { settings } = accepted(planSettings(requested, undefined))
    const { tags } = accepted(readTags(sentTags ?? []))
    const { account } = caller
    refuseIf(supportFault(requested, account))
    return changeSettings(context, requested, () => {
      const id = uuid(random)
      const after = newTrail({ id, account, homeRegion, name, settings, tags, createdAt: clocks.domain() })
      refuseIf(roomFault(after, trails.ofAccount(account), regions))
      return { before: undefined, after }
    })
  })

interface NewTrail {
  readonly id: string
  readonly account: AccountId
  readonly homeRegion: Region
  readonly name: string
  readonly settings: TrailSettings
  readonly tags: readonly Tag[]
  readonly createdAt: number
}

const newTrail = (given: NewTrail): Trail => ({
  ...given,
  selectors: defaultSelectors,
  hasCustomSelectors: false,
  isLogging: false,
})
