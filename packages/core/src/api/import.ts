/**
 * POST /api/v1/import: a CloudTrail log file's content (`{"Records":[...]}` or NDJSON, plain or gzip), of the caller's account or, for those
 * with all accounts, of any that exists. Goes to history only. What was imported or recorded before is counted, not stored again.
 */
export interface ApiImportAnswer {
  readonly records: number
  readonly imported: number
  readonly alreadyThere: number
  /** At most 100 of them, first ones. */
  readonly refused: readonly ApiImportRefusal[]
  readonly refusedCount: number
}

export interface ApiImportRefusal {
  /** Of the record in the file, from 0. */
  readonly index: number
  readonly eventId?: string
  /** `UnknownAccount`, `UnknownRegion`, `EventIdReused`, or an admission's code. */
  readonly code: string
  readonly message: string
}
