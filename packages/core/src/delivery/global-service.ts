import { Buffer } from 'node:buffer'
import type { Region } from '../event/index.ts'

export interface Place {
  /** Of the stream. */
  readonly region: Region
  /** The deployment's, where the events of global services are recorded (`us-east-1` in the `aws` partition). */
  readonly leadingRegion: Region
}

const globalSources: ReadonlySet<string> = new Set(['iam.amazonaws.com', 'cloudfront.amazonaws.com'])
const securityTokenSource = 'sts.amazonaws.com'
const globalTokenHost = 'sts.amazonaws.com'

/**
 * Whether trails take the event only with IncludeGlobalServiceEvents: IAM, CloudFront, and STS at its global endpoint (its
 * Regional ones, the leading Region's too, are Regional). Only in the leading Region, where such events are recorded;
 * a producer that puts one elsewhere makes it that Region's, else no single-Region trail would ever have it. An STS
 * record that does not tell the host (a service's call on somebody's behalf) is Regional. `record` is parsed for STS alone.
 * Source: CloudTrail User Guide, "Global service events", as changed on 2021-11-22.
 */
export function isGlobalServiceEvent(eventSource: string, record: Uint8Array, place: Place): boolean {
  if (place.region !== place.leadingRegion) return false
  if (globalSources.has(eventSource)) return true
  return eventSource === securityTokenSource && clientHost(record) === globalTokenHost
}

/** `tlsDetails.clientProvidedHostHeader` without a port. */
function clientHost(bytes: Uint8Array): string | undefined {
  try {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
    const record = JSON.parse(text) as { readonly tlsDetails?: { readonly clientProvidedHostHeader?: unknown } | null }
    const host = record.tlsDetails?.clientProvidedHostHeader
    return typeof host === 'string' ? host.replace(/:\d+$/, '').toLowerCase() : undefined
  } catch {
    // Admission lets in nothing that cannot be parsed; a record that we cannot read is kept rather than dropped.
    return undefined
  }
}
