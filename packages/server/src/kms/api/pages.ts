import { KeyServiceError } from '../key-service.ts'
import type { InputReader } from './input.ts'

export interface PageRequest {
  readonly limit: number
  /** The name after which the page begins. */
  readonly after: string | undefined
}

/** Reads `Limit` and `Marker`; the marker is looked into once the rest of the request holds. */
export function readPage(
  reader: InputReader,
  limits: { readonly usual: number; readonly max: number },
): () => PageRequest {
  const limit = reader.integer('Limit', { min: 1, max: limits.max }) ?? limits.usual
  const marker = reader.text('Marker', { max: 1_024, pattern: /^[\u0020-\u00FF]*$/ })
  return () => ({ limit, after: marker === undefined ? undefined : readMarker(marker) })
}

/** A page of a sorted list, with the name that the next one begins after. */
export function pageOf<T>(
  items: readonly T[],
  name: (item: T) => string,
  { limit, after }: PageRequest,
): { readonly items: readonly T[]; readonly end: { readonly Truncated: boolean; readonly NextMarker?: string } } {
  const rest = after === undefined ? items : items.filter((item) => name(item) > after)
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  const isTruncated = rest.length > page.length
  return {
    items: page,
    end: { ...(isTruncated && last !== undefined && { NextMarker: writeMarker(name(last)) }), Truncated: isTruncated },
  }
}

/** Opaque to callers; it says nothing that they do not know. */
const markerForm = 'v1:'
const writeMarker = (name: string): string => Buffer.from(`${markerForm}${name}`).toString('base64url')

function readMarker(marker: string): string {
  const text = Buffer.from(marker, 'base64url').toString()
  if (!text.startsWith(markerForm) || writeMarker(text.slice(markerForm.length)) !== marker)
    throw new KeyServiceError('InvalidMarkerException', 'The marker is not valid.')
  return text.slice(markerForm.length)
}
