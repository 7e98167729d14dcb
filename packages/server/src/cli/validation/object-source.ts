import type { Place } from '@opentrail/core/digest'

export interface StoredObject {
  /** The caller's: nobody else has its memory. */
  readonly body: Uint8Array
  /** User metadata, names in lower case; undefined where the source keeps none, as a plain copy does. */
  readonly metadata: Readonly<Record<string, string>> | undefined
}

export interface GetOptions {
  /** A larger object is an error. */
  readonly bytesMax: number
  /** Called with the size before the body is read; the object waits for it. */
  readonly admit?: (bytes: number) => Promise<void>
}

/** Where digests and log files are read from. */
export interface ObjectSource {
  /** For people: where that is. */
  readonly description: string
  /** Undefined: it is not there. @throws {SourceError} */
  get(place: Place, options: GetOptions): Promise<StoredObject | undefined>
  /** Keys in byte order that begin with `prefix` and come after `after`. @throws {SourceError} */
  list(bucket: string, prefix: string, after?: string): AsyncIterable<string>
  close(): Promise<void>
}

/** The source refused or failed; nothing can be said of what it holds. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
}
