/** A message of a server-sent event stream. Source: HTML Living Standard, "Server-sent events". */
export interface StreamMessage {
  readonly event: string
  readonly id: string | undefined
  /** Empty where the message only moves the id on. */
  readonly data: string
}

/** Longer messages are none of ours: an event's record has at most 256 KiB, escaped twice. */
const messageCharsMax = 4 * 2 ** 20

/** The messages of a stream of `\n`-separated lines. @throws {RangeError} one is longer than any event */
export async function* readMessages(chunks: AsyncIterable<string>): AsyncGenerator<StreamMessage> {
  let text = ''
  for await (const chunk of chunks) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      yield readMessage(text.slice(0, end))
      text = text.slice(end + 2)
    }
    if (text.length > messageCharsMax) throw new RangeError('the server sends a message that does not end')
  }
}

function readMessage(block: string): StreamMessage {
  const fields = block.split('\n').map((line) => {
    const colon = line.indexOf(':')
    return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')]
  })
  const last = (name: string): string | undefined => fields.findLast(([field]) => field === name)?.[1]
  const data = fields.filter(([field]) => field === 'data').map(([, value]) => value)
  return { event: last('event') ?? 'message', id: last('id'), data: data.join('\n') }
}
