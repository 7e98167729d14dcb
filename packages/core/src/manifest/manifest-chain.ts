import type { Place } from '../digest/index.ts'
import { manifestFinding, type ManifestFinding } from './finding.ts'
import { checkJoint, type PartStart, type TreeHead } from './link-parts.ts'

/** How the manifests of one digest chain follow one another; told of each digest's, newest first. */
export interface ManifestChain {
  /** The digest has no manifest. @param place where it would be. */
  missing(place: Place): ManifestFinding[]
  /** It has one. `start` and `end` are undefined where nothing vouches for the first or the last part. */
  manifest(start: PartStart | undefined, end: TreeHead | undefined): ManifestFinding[]
  end(): ManifestFinding[]
}

/** Digests in a row without a manifest, of which it is not known whether they should have one. */
interface Bare {
  readonly newest: Place
  readonly oldest: Place
  readonly count: number
}

export function createManifestChain(): ManifestChain {
  /** Where the newer manifest starts, and so the next one should end. Undefined: there is none, or nothing is known of it. */
  let newer: PartStart | undefined
  let bare: Bare | undefined
  let isAny = false

  const missingOf = ({ newest, oldest, count }: Bare): ManifestFinding =>
    manifestFinding('manifest-missing', newest, { digests: count, oldest: oldest.key })

  return {
    missing(place) {
      if (newer && !newer.isFirst) {
        newer = undefined
        return [manifestFinding('manifest-missing', place)]
      }
      bare = { newest: bare?.newest ?? place, oldest: place, count: (bare?.count ?? 0) + 1 }
      return []
    },
    manifest(start, end) {
      isAny = true
      // Behind a first one there need not be any.
      const missing = bare && !newer ? [missingOf(bare)] : []
      const joint = newer && end ? checkJoint(end, newer) : []
      newer = start
      bare = undefined
      return [...missing, ...joint]
    },
    end() {
      if (!isAny) return bare ? [manifestFinding('no-manifests', bare.newest, { digests: bare.count })] : []
      if (!newer) return bare ? [missingOf(bare)] : []
      if (!newer.isFirst) return [manifestFinding('older-manifests-absent', newer.place)]
      return bare ? [manifestFinding('manifests-begin', newer.place, { sequence: newer.head.size })] : []
    },
  }
}
