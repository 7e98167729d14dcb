/** Bytes of a message with its attributes. AWS takes 1 MiB since 2025; a document of the control store would not hold that. */
export const messageBytesMax = 262_144
/** Bytes of all messages of a batch together, as for one message. */
export const batchBytesMax = messageBytesMax
export const batchEntriesMax = 10
export const messageAttributesMax = 10

/** Messages of a standard or FIFO queue that were received and not deleted. Source: Amazon SQS Developer Guide, "Quotas". */
export const inFlightMax = 120_000
/** From its first hiding on, a received message can be hidden no longer. Seconds. */
export const visibilitySecondsMax = 43_200
export const waitSecondsMax = 20
export const receiveMessagesMax = 10
/** How long a FIFO queue knows what it was sent. */
export const deduplicationMs = 5 * 60_000
/** A queue can be purged again only after this. */
export const purgeIntervalMs = 60_000

/** Queues of all accounts: each is held in memory. */
export const queuesMax = 10_000
export const tagsMax = 50
/** Queues or sources on one page, where a caller asks for pages, and without asking. */
export const pageQueuesMax = 1_000

/** Messages of all queues together: what is known of each without its body is held in memory, some 300 bytes. */
export const messagesMax = 500_000
/** Bytes of all messages together, which lie in the control store. */
export const messagesBytesMax = 8 * 1_024 ** 3
/** Ids of messages that FIFO queues were sent lately, together. */
export const deduplicationsMax = 500_000

/** Receives that wait for messages: half of the connections that the server takes, so that they never fill them. */
export const waitersMax = 2_000
