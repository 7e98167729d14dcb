import { hash } from 'node:crypto'
import { createRecordHasher, createRecordJudge } from '@opentrail/core/manifest'
import type { SelectingVersion } from '@opentrail/core/delivery'
import type { Region } from '@opentrail/core/event'

/** What is to be found out about a log file's records. Goes to another thread. */
export interface RecordsTask {
  /** The versions of the trail that may have selected them, as JSON: known again as a text. */
  readonly versions: string
  readonly region: Region
}

export interface ExaminedRecords {
  /** SHA-256 of each record's bytes, 32 bytes each, in the file's order. */
  readonly hashes: Uint8Array
  /** Records that none of the versions selects. */
  readonly unselected: number
}

type Judge = (record: Uint8Array) => boolean

/** The digests of some hours have the same versions. */
const judgesKeptMax = 16
const judges = new Map<string, Judge>()

function judgeFor({ versions, region }: RecordsTask): Judge {
  const name = hash('sha256', `${region} ${versions}`)
  const judge = judges.get(name) ?? createRecordJudge({ versions: JSON.parse(versions) as SelectingVersion[], region })
  judges.delete(name)
  judges.set(name, judge)
  if (judges.size > judgesKeptMax) judges.delete(judges.keys().next().value!)
  return judge
}

/** Takes a log file part by part. `end`: undefined where it is none. */
export function createRecordsExaminer(task: RecordsTask) {
  const takes = judgeFor(task)
  let unselected = 0
  const hasher = createRecordHasher({ onRecord: (record) => void (unselected += takes(record) ? 0 : 1) })
  return {
    add: hasher.add,
    end(): ExaminedRecords | undefined {
      const hashed = hasher.end()
      return hashed.ok ? { hashes: hashed.hashes, unselected } : undefined
    },
  }
}
