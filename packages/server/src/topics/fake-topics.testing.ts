import { TopicError, type TopicPublisher } from './topic-publisher.ts'

export type Notice = Parameters<TopicPublisher['publish']>[0]

/** Where no trail has a topic. */
export const noTopics: TopicPublisher = {
  publish: ({ topicArn }) => Promise.reject(new TopicError('NotFound', `Topic does not exist: ${topicArn}`)),
}

/** A topic that takes everything, unless a test says otherwise: `before` fails an attempt, `after` takes it and fails. */
export function createFakeTopics() {
  const published: Notice[] = []
  const topics = {
    published,
    attempts: 0,
    fault: undefined as
      ((notice: Notice) => { readonly code: string; readonly isTaken: boolean } | undefined) | undefined,
    /** Attempts that do not end before. */
    gate: Promise.resolve() as Promise<unknown>,
    publish: async (notice: Notice): Promise<void> => {
      topics.attempts++
      await topics.gate
      const fault = topics.fault?.(notice)
      if (!fault || fault.isTaken) published.push(notice)
      if (fault) throw new TopicError(fault.code, 'as the test wants it')
    },
    /** Keys of the files announced, in order. */
    keys: (): string[] =>
      published.flatMap(({ message }) => (JSON.parse(message) as { s3ObjectKey: string[] }).s3ObjectKey),
  }
  return topics satisfies TopicPublisher
}
