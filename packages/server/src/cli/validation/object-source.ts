import type { Place } from '@opentrail/core/digest'

export interface StoredObject {
  readonly body: Uint8Array
  /** User metadata, names in lower case; undefined where the source keeps none, as a plain copy does. */
  readonly metadata: Readonly<Record<string, string>> | undefined
}

/** Where digests and log files are read from. */
export interface ObjectSource {
  /** For people: where that is. */
  readonly description: string
  /** Undefined: it is not there. @throws {SourceError} */
  get(place: Place, bytesMax: number): Promise<StoredObject | undefined>
  /** Keys in byte order that begin with `prefix` and come after `after`. @throws {SourceError} */
  list(bucket: string, prefix: string, after?: string): AsyncIterable<string>
  close(): Promise<void>
}

/** The source refused or failed; nothing can be said of what it holds. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
}
