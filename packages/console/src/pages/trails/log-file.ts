/** Uncompressed bytes that are read of a file: log files have 50 MB at most, and a page has to stay usable. */
export const readBytesMax = 16 * 1024 * 1024

export interface ReadLogFile {
  /** Each record's own text. */
  readonly records: readonly string[]
  readonly bytes: number
  /** The file is larger than what was read; the records are those of its beginning. */
  readonly isCut: boolean
}

/**
 * Reads a log file as far as the bound. Files are gzipped; a browser has undone that already where the object says that it is so encoded.
 * @throws {TypeError} no gzip @throws {SyntaxError} no log file
 */
export async function readLogFile(
  content: ReadableStream<Uint8Array<ArrayBuffer>>,
  bytesMax = readBytesMax,
): Promise<ReadLogFile> {
  const reader = (await unzipped(content)).getReader()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return { records: splitRecords(text + decoder.decode(), false), bytes, isCut: false }
    bytes += value.length
    text += decoder.decode(value, { stream: true })
    if (bytes > bytesMax) break
  }
  await reader.cancel().catch(() => {})
  return { records: splitRecords(text, true), bytes, isCut: true }
}

async function unzipped(content: ReadableStream<Uint8Array<ArrayBuffer>>) {
  const reader = content.getReader()
  const first = await reader.read()
  reader.releaseLock()
  const rest = content.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      start(controller) {
        if (first.value) controller.enqueue(first.value)
      },
    }),
  )
  // The first byte of gzip; no JSON begins with it.
  return first.value?.[0] === 0x1f ? rest.pipeThrough(new DecompressionStream('gzip')) : rest
}

/**
 * The texts of the records in `{"Records":[...]}`, as they stand there: a parser would change their numbers. Of a text that is cut, those
 * that are whole. @throws {SyntaxError} it is something else
 */
export function splitRecords(text: string, isCut: boolean): string[] {
  const start = /^\s*\{\s*"Records"\s*:\s*\[/.exec(text)
  if (!start) throw new SyntaxError('this is no log file: it does not begin with Records')
  const records: string[] = []
  let depth = 0
  let from = 0
  // Strings whole, and the signs that nest.
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]]/gs
  token.lastIndex = start[0].length
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [sign] = match
    if (sign === '{' || sign === '[') {
      if (depth++ === 0) from = match.index
    } else if (sign === '}' || sign === ']') {
      if (depth-- === 0) return records
      if (depth === 0) records.push(text.slice(from, match.index + 1))
    }
  }
  if (!isCut) throw new SyntaxError('this is no log file: its end is missing')
  return records
}

/** What the list of a file's records shows. Values of other kinds than text are left out. */
export interface RecordBrief {
  readonly eventId: string
  readonly eventTime: string
  readonly eventName: string
  readonly eventSource: string
  readonly user: string
  readonly errorCode: string
}

export function briefOf(record: string): RecordBrief {
  const value = readObject(record)
  const identity = objectOf(value['userIdentity'])
  return {
    eventId: textOf(value['eventID']),
    eventTime: textOf(value['eventTime']),
    eventName: textOf(value['eventName']),
    eventSource: textOf(value['eventSource']),
    user: textOf(identity['userName']) || textOf(identity['arn']) || textOf(identity['invokedBy']),
    errorCode: textOf(value['errorCode']),
  }
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return objectOf(JSON.parse(text))
  } catch {
    return {}
  }
}
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
