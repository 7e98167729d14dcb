import type { ApiImportAnswer } from '@opentrail/core/api'

/** A log file on its way into a server. */
export interface FileToImport {
  /** For the record of the call: `s3://logs/AWSLogs/...`. */
  readonly name: string
  /** As it is stored, gzip or not. */
  readonly body: Uint8Array
  /** Whose records are that name no account or Region, where the file's name tells. */
  readonly account?: string
  readonly region?: string
}

export interface TakenFile extends ApiImportAnswer {
  /** Why the file is not what it should be, where it is damaged. */
  readonly damage?: string
}

export interface ImportTarget {
  /** @throws {CommandError} the server takes nothing (any more): going on with other files makes no sense. */
  take(file: FileToImport): Promise<TakenFile>
}

export const isGzip = (body: Uint8Array): boolean => body[0] === 0x1f && body[1] === 0x8b
export const nothingTaken: ApiImportAnswer = { records: 0, imported: 0, alreadyThere: 0, refused: [], refusedCount: 0 }
