/** Where one request for a bucket goes. */
export interface S3Address {
  /** `https://host:port` */
  readonly origin: string
  /** Before the key, without a slash at the end; percent-encoded. */
  readonly path: string
}

/** In the path at a named endpoint, since few stores have a wildcard in DNS; in the host name at AWS, where a certificate fits. */
export function s3Address(endpoint: string | undefined, region: string, bucket: string): S3Address {
  if (endpoint !== undefined) {
    const { origin, pathname } = new URL(endpoint)
    return { origin, path: `${pathname.replace(/\/+$/, '')}/${encodeSegment(bucket)}` }
  }
  const host = `s3.${region}.${dnsSuffix(region)}`
  return /^[a-z0-9][a-z0-9-]+$/.test(bucket)
    ? { origin: `https://${bucket}.${host}`, path: '' }
    : { origin: `https://${host}`, path: `/${encodeSegment(bucket)}` }
}

/** Of AWS's partitions that have a domain of their own. */
const suffixes: readonly (readonly [start: string, suffix: string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['us-iso-', 'c2s.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
  ['eusc-', 'amazonaws.eu'],
]
const dnsSuffix = (region: string): string =>
  suffixes.find(([start]) => region.startsWith(start))?.[1] ?? 'amazonaws.com'

/** RFC 3986, as it is signed: fewer characters stay than with `encodeURIComponent`. */
export const encodeSegment = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  )
