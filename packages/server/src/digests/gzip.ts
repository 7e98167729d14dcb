import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'

/** Packs digests and manifests, and unpacks what lies under their keys. */
export interface Gzip {
  /** One gzip member. */
  pack(bytes: Uint8Array): Promise<Uint8Array>
  /** Undefined: no gzip, or more than `bytesMax`. */
  unpack(packed: Uint8Array, bytesMax: number): Promise<Uint8Array | undefined>
}

const packInPool = promisify(gzip)
const unpackInPool = promisify(gunzip)

/** In Node's thread pool. */
export const pooledGzip: Gzip = {
  pack: async (bytes) => new Uint8Array(await packInPool(bytes)),
  unpack: (packed, bytesMax) => unpackInPool(packed, { maxOutputLength: bytesMax }).catch(() => undefined),
}
