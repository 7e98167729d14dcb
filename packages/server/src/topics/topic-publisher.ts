/** How a trail tells of its files: built-in topics, or a real SNS. Every adapter passes `topicPublisherContract`. */
export interface TopicPublisher {
  /**
   * Publishes as the service principal `cloudtrail.amazonaws.com` for a trail; resolves once the topic has taken it durably.
   * @throws {TopicError}
   */
  publish(notice: {
    readonly topicArn: string
    readonly message: string
    readonly trailArn: string
    /** Account that owns the trail. */
    readonly account: string
  }): Promise<void>
}

/** A failure with SNS's code (`NotFound`, `AuthorizationError`, `KMSDisabled`, ...), or one of ours: `NetworkingError`, `RequestTimeout`. */
export class TopicError extends Error {
  override readonly name = 'TopicError'
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
