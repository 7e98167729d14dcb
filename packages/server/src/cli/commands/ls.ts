import { createBucketClient, type BucketClient, type FoundObject, type FoundPage } from '../bucket-client.ts'
import { parseLocation, type BucketLocation } from '../bucket-location.ts'
import { connect, type ConnectionFlags } from '../connection.ts'
import { print, printError, printJson, programName, type CliContext } from '../context.ts'
import type { FormatFlags } from '../flags.ts'
import { printable } from '../table.ts'

export interface LsFlags extends ConnectionFlags, FormatFlags {
  readonly recursive?: boolean
}

/** Nobody reads more, and a script asks for a smaller part. */
const itemsMax = 100_000
/** As wide as `2026-03-04T12:00:00Z`. */
const timeWidth = 20
const sizeWidth = 11

/** Lists buckets, or what is in one; folders stand for what is in them unless `--recursive`. */
export async function ls(this: CliContext, flags: LsFlags, place?: string): Promise<void> {
  const location = place === undefined ? undefined : parseLocation(place)
  const client = createBucketClient(this, await connect(this, flags))
  if (location === undefined) await showBuckets(this, client, flags)
  else await showObjects(this, client, flags, location)
}

async function showBuckets(context: CliContext, client: BucketClient, flags: LsFlags): Promise<void> {
  const buckets = await client.buckets()
  if (flags.format === 'json') {
    const Buckets = buckets.map(({ name, createdAt }) => ({ Name: name, CreationDate: createdAt }))
    return printJson(context, { Buckets })
  }
  if (buckets.length === 0)
    return printError(context, `There is no bucket yet; create one with "${programName()} bucket create NAME".`)
  print(context, buckets.map(({ name, createdAt }) => `${seconds(createdAt)}  s3://${printable(name)}`).join('\n'))
}

async function showObjects(
  context: CliContext,
  client: BucketClient,
  flags: LsFlags,
  { bucket, key: prefix }: BucketLocation,
): Promise<void> {
  const isJson = flags.format === 'json'
  const all = { prefixes: [] as string[], objects: [] as FoundObject[] }
  let count = 0
  let token: string | undefined
  do {
    const question = { prefix, ...(!flags.recursive && { delimiter: '/' }), ...(token !== undefined && { token }) }
    const page = await client.list(bucket, question)
    count += page.objects.length + page.prefixes.length
    token = page.nextToken
    // Lines are printed page by page: a large bucket is no reason to wait, or to remember it.
    if (!isJson) showPage(context, bucket, page)
    else {
      all.prefixes.push(...page.prefixes)
      all.objects.push(...page.objects)
    }
  } while (token !== undefined && count < itemsMax)
  if (isJson) printJson(context, toJson(bucket, all))
  if (count === 0) printError(context, `There is nothing at s3://${bucket}/${printable(prefix)}.`)
  if (token !== undefined)
    printError(context, `There are more: these are the first ${count}. Name a longer prefix to see others.`)
}

/** Each line ends in what `cat` and `ls` take. */
function showPage(context: CliContext, bucket: string, { objects, prefixes }: FoundPage): void {
  const lines = [
    ...prefixes.map((prefix) => ({ name: prefix, text: `${''.padEnd(timeWidth)}  ${'folder'.padStart(sizeWidth)}` })),
    ...objects.map(({ key, size, lastModified }) => ({
      name: key,
      text: `${seconds(lastModified).padEnd(timeWidth)}  ${String(size).padStart(sizeWidth)}`,
    })),
  ].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
  if (lines.length > 0)
    print(context, lines.map(({ name, text }) => `${text}  s3://${bucket}/${printable(name)}`).join('\n'))
}

const toJson = (bucket: string, { prefixes, objects }: FoundPage) => ({
  Bucket: bucket,
  Prefixes: prefixes,
  Objects: objects.map(({ key, size, lastModified, etag }) => ({
    Key: key,
    Size: size,
    LastModified: lastModified,
    ETag: etag,
  })),
})

const seconds = (time: string): string => time.replace(/\.\d+Z$/, 'Z')
