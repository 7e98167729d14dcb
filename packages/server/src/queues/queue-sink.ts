/** Where a topic puts messages for queues of this deployment. */
export interface QueueSink {
  /**
   * Resolves once the message would survive a power cut; at least once. `senderArn`: the topic, judged by the queue's policy
   * as the service principal `sns.amazonaws.com` with `aws:SourceArn`.
   * @throws {QueueSinkError}
   */
  send(message: {
    readonly queueArn: string
    readonly body: string
    readonly attributes?: Readonly<Record<string, MessageAttribute>>
    readonly senderArn: string
    readonly senderAccount: string
    /** FIFO queues only. */
    readonly groupId?: string
    readonly deduplicationId?: string
  }): Promise<void>
  /** Undefined: there is no such queue here. */
  ownerOf(queueArn: string): Promise<string | undefined>
}

export interface MessageAttribute {
  readonly dataType: string
  readonly stringValue?: string
  readonly binaryValue?: Uint8Array
}

export class QueueSinkError extends Error {
  override readonly name = 'QueueSinkError'
  /** `InvalidMessage`: characters, attributes or ids that the queue does not take; only `Unavailable` is worth another try. */
  readonly code: 'NonExistentQueue' | 'AccessDenied' | 'TooLarge' | 'InvalidMessage' | 'Unavailable'
  constructor(code: QueueSinkError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
