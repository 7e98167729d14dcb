/** Where an event is: the entry of its stream. `stream` is `<account>/<region>`. */
export interface ApiEventPlace {
  readonly account: string
  readonly region: string
  readonly sequence: number
  readonly admittedAt: string
  readonly origin: 'self' | 'gateway' | 'producer' | 'import' | 'derived'
  /** SHA-256 of the record's bytes, hexadecimal. */
  readonly recordHash: string
}

/** One event of a search. `record` is the record's own text: a parser would change its numbers. */
export interface ApiEvent {
  readonly eventId: string
  readonly eventTime: string
  readonly eventName: string
  readonly eventSource: string
  readonly category: string
  readonly readOnly?: boolean
  readonly username?: string
  readonly accessKeyId?: string
  readonly sourceIPAddress?: string
  readonly errorCode?: string
  readonly resources: readonly { readonly type?: string; readonly name: string }[]
  readonly place: ApiEventPlace
  readonly record: string
}

export interface ApiLogFileRef {
  readonly bucket: string
  readonly key: string
  /** SHA-256 of the uncompressed content, hexadecimal. */
  readonly sha256: string
  readonly deliveredAt: string
  /** The digest that lists it, once there is one. */
  readonly digest?: { readonly bucket: string; readonly key: string }
}

/** One trail's view of an event: why it was taken or not, and where it was written. */
export interface ApiTrailVerdict {
  readonly trailArn: string
  readonly selected: boolean
  /** One sentence. */
  readonly why: string
  /** `delivered`: in `file`. `pending`: selected, not yet delivered. `abandoned`: given up, as the trail's status says. */
  readonly state: 'delivered' | 'pending' | 'abandoned' | 'not-selected'
  readonly file?: ApiLogFileRef
}

/** GET /api/v1/events/{eventId}: one event, why it was recorded, where it went, and what proves it. */
export interface ApiEventDetail {
  readonly event: ApiEvent
  /** ARN of the principal that brought the record. */
  readonly recordedBy: string
  readonly trails: readonly ApiTrailVerdict[]
  /** Of the stream's tree, when it could be made: see `GET /api/v1/proof`. */
  readonly proof?: {
    readonly origin: string
    readonly leafIndex: number
    readonly leafHash: string
    readonly treeSize: number
    readonly rootHash: string
    /** Inclusion path, leaf to root, hexadecimal. */
    readonly path: readonly string[]
    /** The signed checkpoint (C2SP) of this tree. */
    readonly checkpoint: string
    /** Verifier key of the log that signed it. */
    readonly verifierKey: string
  }
}
