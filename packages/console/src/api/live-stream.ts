/** One message of a `text/event-stream`. */
export interface StreamMessage {
  readonly event: string
  readonly data: string
  readonly id?: string
}

/** A message is one event; a record has at most 256 KB. What is longer is not from our server. */
const lineCharactersMax = 4 * 1024 * 1024

/**
 * Reads server-sent events from the body of an answer, as EventSource would, which cannot sign. Source: WHATWG HTML, "Server-sent
 * events". @throws {RangeError} a line without end
 */
export async function* readMessages(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamMessage, void> {
  let event = ''
  let id: string | undefined
  let data: string[] = []
  for await (const line of readLines(body)) {
    if (line === '') {
      if (data.length > 0)
        yield { event: event === '' ? 'message' : event, data: data.join('\n'), ...(id !== undefined && { id }) }
      event = ''
      data = []
      continue
    }
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
    else if (field === 'id') id = value
  }
}

async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      rest += decoder.decode(value, { stream: true })
      // A carriage return at the end may be the first half of a line's end.
      const lines = rest.split(/\r\n|\n|\r(?!$)/)
      rest = lines.pop() ?? ''
      if (rest.length > lineCharactersMax) throw new RangeError('a line of the stream is too long')
      yield* lines
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}
