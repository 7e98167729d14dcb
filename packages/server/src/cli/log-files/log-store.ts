import type { GetOptions, ObjectSource } from '../validation/object-source.ts'

export type Entry =
  /** `name` without its slash. */
  | { readonly kind: 'folder'; readonly name: string }
  | {
      readonly kind: 'file'
      readonly name: string
      readonly size: number
      /** Another one means other content: an ETag, or the time of the last change. */
      readonly version: string
    }
  /** Neither a folder nor a plain file, such as a link. */
  | { readonly kind: 'other'; readonly name: string }

/** Where log files lie: a bucket, or a copy of one as plain files. */
export interface LogStore {
  /** For people, and to name files by: `s3://logs`, `/var/logs`. */
  readonly description: string
  /** Where to begin: empty, or folders that end in a slash. */
  readonly start: string
  /** The one file below `start` that is meant; absent: all. */
  readonly only?: string
  /** What is directly in a folder (`''`, or a key that ends in a slash), in byte order. @throws {SourceError} */
  entries(folder: string): AsyncIterable<Entry>
  /** As it is stored; undefined: it is not there (any more). @throws {SourceError} */
  get(key: string, options: GetOptions): Promise<Uint8Array | undefined>
  /** The same place as verification reads it; `bucket`: what digests call it. To be closed by whoever asks. */
  objectSource(bucket: string): ObjectSource
  close(): Promise<void>
}
