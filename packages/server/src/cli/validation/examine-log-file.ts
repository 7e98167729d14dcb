import { createHash, hash } from 'node:crypto'
import { createRecordsExaminer, type ExaminedRecords, type RecordsTask } from './examine-records.ts'
import { inflateAtOnce, inflateFirstMember, type Member } from './gzip-member.ts'

/** What is to be found out about a log file. Goes to another thread. */
export interface ExamineOptions {
  /** Uncompressed; a larger log file is 'too-large'. */
  readonly bytesMax: number
  readonly records?: RecordsTask
}

/** What a log file's bytes tell. */
export interface Examined {
  readonly member: Member
  /** Lower hex, of the uncompressed content; of no meaning where the member is no whole one. */
  readonly sha256: string
  /** Where they were asked for. Absent as well: the content is no list of records. */
  readonly records?: ExaminedRecords
}

/** Far above what log files have; a larger one is hashed part by part, so that a thread never holds more. */
const atOnceBytesMax = 16 * 2 ** 20

/** Decompresses and hashes the whole stored log file `body`. Untrusted; never throws what it says. */
export async function examineLogFile(body: Uint8Array, { bytesMax, records: task }: ExamineOptions): Promise<Examined> {
  const records = task && createRecordsExaminer(task)
  const whole = inflateAtOnce(body, Math.min(bytesMax, atOnceBytesMax))
  if (whole) {
    const sha256 = hash('sha256', whole.content)
    records?.add(whole.content)
    letGo(whole.content)
    return examined(whole.member, sha256, records?.end())
  }
  const content = createHash('sha256')
  const member = await inflateFirstMember(body, {
    bytesMax,
    onBytes(bytes) {
      content.update(bytes)
      records?.add(bytes)
    },
  })
  return examined(member, content.digest('hex'), records?.end())
}

const examined = (member: Member, sha256: string, records: ExaminedRecords | undefined): Examined => ({
  member,
  sha256,
  ...(records && { records }),
})

/**
 * Frees memory at once: the next log file then finds it warm. Left to the garbage collector, each thread would gather tens of
 * megabytes of it. Nobody may look at `bytes` any more.
 */
export function letGo({ buffer }: Uint8Array): void {
  // Smaller ones may lie in memory that they share.
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0)
}
