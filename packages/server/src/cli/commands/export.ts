import { resolve } from 'node:path'
import {
  BucketError,
  createS3BucketStore,
  exportBucket,
  type BucketStore,
  type ExportedFile,
  type ExportSummary,
} from '../../buckets/index.ts'
import { bucketAdvice } from '../bucket-client.ts'
import { parseLocation } from '../bucket-location.ts'
import { CommandError } from '../command-error.ts'
import { connect, type Connection, type ConnectionFlags } from '../connection.ts'
import { print, printError, printJson, type CliContext } from '../context.ts'
import type { FormatFlags } from '../flags.ts'
import { formatByteSize } from '../table.ts'

export interface ExportFlags extends ConnectionFlags, FormatFlags {}

/** For one object; log files have some megabytes. */
const callMsMax = 120_000
/** Often enough to see that it goes on. */
const progressEvery = 500

/**
 * Writes the objects of a bucket into a directory as plain files. Run again it brings what is new: files that are there
 * already are kept.
 */
export async function exportFiles(this: CliContext, flags: ExportFlags, place: string, path: string): Promise<void> {
  const { bucket, key: prefix } = parseLocation(place)
  const directory = resolve(path)
  const store = storeOf(await connect(this, flags))
  try {
    const options = { ...(prefix !== '' && { prefix }), onFile: progress(this, flags) }
    const summary = await exportBucket(store, bucket, directory, options)
    if (flags.format === 'json') printJson(this, { Bucket: bucket, Prefix: prefix, Directory: directory, ...summary })
    else print(this, describeSummary(summary, directory))
  } catch (error) {
    throw new CommandError(explain(place, error), { cause: error })
  } finally {
    await store.close()
  }
}

const storeOf = ({ endpoint, region, credentials }: Connection): BucketStore =>
  createS3BucketStore({ endpoint, region, credentials, pathStyle: true, timeoutMs: callMsMax, conditionalPut: 'off' })

/** On standard error, so that what is printed at the end can be read by a script. */
function progress(context: CliContext, flags: ExportFlags): (file: ExportedFile) => void {
  let done = 0
  return () => {
    done++
    if (flags.format !== 'json' && done % progressEvery === 0) printError(context, `${done} objects...`)
  }
}

function describeSummary({ written, unchanged, gone, bytes }: ExportSummary, directory: string): string {
  const others = [
    ...(unchanged > 0 ? [`${unchanged} already there`] : []),
    ...(gone > 0 ? [`${gone} deleted meanwhile`] : []),
  ]
  const files = `${written} ${written === 1 ? 'file' : 'files'} written to ${directory} (${formatByteSize(bytes)})`
  return `${[files, ...others].join('; ')}.`
}

/** What was written so far stays, and counts when it is run again. */
function explain(place: string, error: unknown): string {
  if (error instanceof BucketError)
    return `${place} cannot be exported (${error.code}): ${error.message}${bucketAdvice(error.code)}`
  if (!(error instanceof Error)) return `${place} cannot be exported: ${String(error)}`
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return `${place} cannot be exported: ${error.message}${cause}`
}
