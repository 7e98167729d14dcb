import type { AccountId, Region } from '@opentrail/core/event'
import type { Secret } from './secret.ts'

/** Where everything is kept: production data stays, test data is thrown away at the end. */
export type Mode =
  | { readonly kind: 'production'; readonly data: string }
  | { readonly kind: 'test' }
  /** Shows the log files of another place, read-only; `data` is removed or kept by who has started it. */
  | { readonly kind: 'open'; readonly data: string }

export type Tls =
  | { readonly kind: 'off' }
  | { readonly kind: 'server'; readonly certFile: string; readonly keyFile: string }
  /** Callers must show a certificate of one of these authorities. */
  | { readonly kind: 'mutual'; readonly certFile: string; readonly keyFile: string; readonly clientCaFile: string }

export type RootKey =
  /** `root.key` in the data directory, made at the first start. */
  | { readonly kind: 'generated' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'command'; readonly command: string }

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Buckets that another store serves. */
export interface RemoteBuckets {
  /** A bucket, a beginning of names (`logs-*`), or `*` for all. */
  readonly name: string
  /** Without it AWS. */
  readonly endpoint?: string
  readonly region: string
  /** The bucket in the path instead of in the host name. */
  readonly pathStyle: boolean
  readonly credentials: {
    readonly accessKeyId: string
    readonly secretAccessKey: Secret
    readonly sessionToken?: Secret
  }
  readonly conditionalPut: 'auto' | 'on' | 'off'
  /** Whether a bucket's policy has to let CloudTrail in before a trail may use it. */
  readonly checkPolicy: boolean
}

/** Another service that takes the place of a built-in one. */
export interface ServiceEndpoint {
  /** `{region}` in it stands for the Region that is called. */
  readonly url: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: Secret }
}

/** Everything that can be chosen, checked once at start. Paths are absolute. */
export interface Configuration {
  readonly mode: Mode
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** Created at the first start. */
  readonly account: AccountId
  /** The leading Region; one of `regions`. */
  readonly region: Region
  readonly regions: readonly Region[]
  readonly tls: Tls
  /** Addresses and networks whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
  readonly rootKey: RootKey
  readonly journal: { readonly bytesMax: number; readonly retentionDays: number }
  readonly engine: { readonly memoryBytesMax: number }
  /** Largest body of one POST /events, unpacked. It is taken in as a stream, so this is no memory. */
  readonly intake: { readonly bodyBytesMax: number }
  /** The first entry that names a bucket serves it. */
  readonly buckets: readonly RemoteBuckets[]
  readonly delivery: {
    /** How long events of a trail are gathered for one log file. */
    readonly intervalMs: number
    /** All finished files that wait for their bucket. */
    readonly spoolBytesMax: number
    /** What one trail may leave in the journal; beyond it its files are finished and spooled. */
    readonly backlogBytesMax: number
  }
  /** What the names of the logs begin with that checkpoints are signed for; one of the deployment's own where absent. */
  readonly checkpointOrigin?: string
  /** A KMS that keeps the keys instead of the built-in one. */
  readonly kms?: ServiceEndpoint
  readonly sns?: ServiceEndpoint
  /** Without a slash at its end. Where absent, what the server listens on. */
  readonly publicUrl?: string
  readonly topics: {
    /** Addresses and networks of HTTP(S) subscribers beside the public ones. */
    readonly subscriberNetworks: readonly string[]
    /** Without a slash at its end; `{region}` in it stands for the topic's Region. */
    readonly certificateUrl?: string
  }
  readonly throttle: boolean
  readonly log: { readonly level: LogLevel }
}
