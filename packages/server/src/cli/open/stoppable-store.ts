import type { LogStore } from '../log-files/log-store.ts'
import { SourceError, type ObjectSource } from '../validation/object-source.ts'

/** The same store; once the signal is given it hands nothing out any more, so that whatever reads it comes to its end. */
export function stoppable(store: LogStore, signal: AbortSignal): LogStore {
  const goOn = (): void => {
    if (signal.aborted) throw new SourceError('reading was ended')
  }
  async function* whileGoing<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
    for await (const item of items) {
      goOn()
      yield item
    }
  }
  const stoppableSource = (source: ObjectSource): ObjectSource => ({
    description: source.description,
    async get(place, options) {
      goOn()
      return source.get(place, options)
    },
    list: (bucket, prefix, after) => whileGoing(source.list(bucket, prefix, after)),
    close: () => source.close(),
  })
  return {
    ...store,
    entries: (folder) => whileGoing(store.entries(folder)),
    async get(key, options) {
      goOn()
      return store.get(key, options)
    },
    objectSource: (bucket) => stoppableSource(store.objectSource(bucket)),
  }
}
