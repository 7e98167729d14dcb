import { selectionKey, type ConfigSpan } from '@opentrail/core/delivery'
import { streamParts } from '@opentrail/core/event'
import { createByteCache } from '../journal/index.ts'
import type { ContentRequest, LogContent } from './content-builder.ts'
import { ended } from './ended.ts'

export interface BuiltContent {
  readonly content: LogContent
  /** Of the entries that it was made from. */
  readonly span: ConfigSpan
}
type Build = (request: ContentRequest, signal: AbortSignal) => Promise<BuiltContent>

/** Spans are about 100 bytes each; many more ranges than contents are kept. */
const spanCacheBytesMax = 2 ** 20
/** What a content takes beside its files and its key, generously. */
const contentOverheadBytes = 1024

/**
 * Trails of one account mostly take the same from the same range; then one build serves all. Which versions a range is
 * judged by is known only once it was read, so the first to ask for a range builds it while the others wait; from then
 * on contents are known by range and by what the versions in force there select. Kept up to a bound, least recently
 * used first out. What is shared is only work: the result is the same as if each trail had built its own.
 */
export function createContentMemo(bytesMax: number, build: Build): (...args: Parameters<Build>) => Promise<LogContent> {
  const spans = createByteCache<ConfigSpan>(spanCacheBytesMax)
  const contents = createByteCache<LogContent>(bytesMax)
  /** Bounded by those who ask. */
  const underWay = new Map<string, Promise<unknown>>()

  async function buildFirst(range: string, request: ContentRequest, signal: AbortSignal): Promise<LogContent> {
    const { content, span } = await build(request, signal)
    spans.set(range, span, 2 * range.length + 64 + 8 * span.changes.length)
    const key = contentKey(range, request, span)
    contents.set(key, content, bytesOf(content) + 2 * key.length + contentOverheadBytes)
    return content
  }

  return async (request, signal) => {
    const range = rangeKey(request)
    for (;;) {
      const span = spans.get(range)
      const key = span ? contentKey(range, request, span) : range
      const known = span && contents.get(key)
      if (known) return known
      const other = underWay.get(key)
      if (!other) {
        const started = buildFirst(range, request, signal).finally(() => underWay.delete(key))
        underWay.set(key, started)
        return started
      }
      // If that one fails or selects something else, the next round builds.
      await ended(other, signal)
    }
  }
}

const rangeKey = ({ stream, after, to, isExact, leadingRegion }: ContentRequest): string =>
  `${stream} ${after} ${to} ${isExact} ${leadingRegion}`

const contentKey = (range: string, { versions, stream, leadingRegion }: ContentRequest, span: ConfigSpan): string =>
  `${range} ${selectionKey(versions, { region: streamParts(stream).region, leadingRegion }, span)}`

const bytesOf = ({ files, changes }: LogContent): number =>
  files.reduce((sum, { body, positions }) => sum + body.length + positions.length, 8 * changes.length)
