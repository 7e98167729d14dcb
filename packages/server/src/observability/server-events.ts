/**
 * Everything the server reports about itself, in one place: each kind becomes a log line, and those that are counted a
 * metric. Never the content of records, and never a secret.
 */
export type ServerEvent =
  | { readonly kind: 'started'; readonly endpoint: string; readonly milliseconds: number }
  | { readonly kind: 'stopping'; readonly reason: string }
  | { readonly kind: 'stopped' }
  | {
      readonly kind: 'request'
      readonly operation: string
      readonly status: number
      readonly code?: string
      readonly milliseconds: number
      readonly requestId: string
    }
  | {
      readonly kind: 'intake'
      readonly stored: number
      readonly duplicates: number
      readonly refused: number
      readonly bytes?: number
    }
  | { readonly kind: 'journal-tail-cut'; readonly bytes: number }
  | { readonly kind: 'journal'; readonly message: string; readonly error?: unknown }
  | { readonly kind: 'history'; readonly message: string; readonly error?: unknown }
  | { readonly kind: 'history-rebuilding'; readonly indexed: number; readonly total: number }
  | { readonly kind: 'engine'; readonly message: string; readonly restarted?: boolean; readonly error?: unknown }
  | { readonly kind: 'tls-reloaded' }
  /** A bucket of an earlier version's user stands where a Region's policy templates would be. */
  | { readonly kind: 'policy-templates-shadowed'; readonly bucket: string }
  | { readonly kind: 'job-failed'; readonly job: string; readonly error: unknown }
  | { readonly kind: 'retention'; readonly bytesFreed: number }
  | {
      readonly kind: 'delivered'
      readonly stream: string
      readonly bucket: string
      readonly bytes: number
      readonly count: number
    }
  | { readonly kind: 'delivery-failed'; readonly step: string; readonly stream: string; readonly error: unknown }
  | { readonly kind: 'digest-delivered'; readonly bucket: string; readonly key: string; readonly files: number }
  | { readonly kind: 'digest-failed'; readonly step: string; readonly chain: string; readonly error: unknown }
  | {
      readonly kind: 'delivery-abandoned'
      readonly trailArn: string
      readonly stream: string
      readonly from: number
      readonly to: number
      readonly count: number
      readonly reason: string
    }
  | { readonly kind: 'announced'; readonly stream: string; readonly topicArn: string }
  | { readonly kind: 'notification-failed'; readonly step: string; readonly stream: string; readonly error: unknown }
  | {
      readonly kind: 'notification-abandoned'
      readonly stream: string
      readonly topicArn: string
      readonly key: string
      readonly code: string
    }
  | { readonly kind: 'topic-delivery-failed'; readonly subscription: string; readonly reason: string }
  | {
      readonly kind: 'topic-message-lost'
      readonly subscription: string
      readonly messageId: string
      readonly reason: string
      readonly detail: string
      readonly isDeadLettered: boolean
    }
  | {
      readonly kind: 'signing-key'
      readonly change: 'made' | 'destroyed'
      readonly region: string
      readonly fingerprint: string
    }
  | { readonly kind: 'failure'; readonly message: string; readonly error: unknown; readonly requestId?: string }

type Level = 'debug' | 'info' | 'warn' | 'error'

/** How loud each kind is; a kind that carries an error is at least a warning. */
const levels: Record<ServerEvent['kind'], Level> = {
  started: 'info',
  stopping: 'info',
  stopped: 'info',
  request: 'debug',
  intake: 'debug',
  'journal-tail-cut': 'warn',
  journal: 'info',
  history: 'info',
  'history-rebuilding': 'info',
  engine: 'info',
  'tls-reloaded': 'info',
  'policy-templates-shadowed': 'warn',
  'job-failed': 'error',
  retention: 'info',
  delivered: 'debug',
  'delivery-failed': 'warn',
  'digest-delivered': 'debug',
  'digest-failed': 'warn',
  'delivery-abandoned': 'error',
  announced: 'debug',
  'notification-failed': 'warn',
  'notification-abandoned': 'error',
  'topic-delivery-failed': 'info',
  'topic-message-lost': 'warn',
  'signing-key': 'info',
  failure: 'error',
}

export function levelOf(event: ServerEvent): Level {
  const level = levels[event.kind]
  return level !== 'error' && 'error' in event && event.error !== undefined ? 'warn' : level
}
