/*
 * Reflected CRCs that Node.js does not have: CRC-32C (RFC 3720) and CRC-64/NVME (NVM Express Base Specification 2.0, 5.2.1.3.4),
 * eight bytes at a step with a table for each ("slicing by 8"). Words of 32 bits with a sign are what V8 computes with fastest.
 */
const sliceCount = 8

function tables32(polynomial: number): Int32Array[] {
  const first = new Int32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1
    first[byte] = value
  }
  const tables = [first]
  for (let slice = 1; slice < sliceCount; slice++)
    tables.push(tables[slice - 1]!.map((value) => (value >>> 8) ^ first[value & 0xff]!))
  return tables
}

const viewOf = ({ buffer, byteOffset, length }: Uint8Array): DataView => new DataView(buffer, byteOffset, length)

let castagnoli: Int32Array[] | undefined

/** As `crc32` of `node:zlib`: goes on from the value of what came before. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = (castagnoli ??= tables32(0x82f63b78)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ]
  const view = viewOf(bytes)
  let value = ~before
  let at = 0
  for (const end = bytes.length - 7; at < end; at += 8) {
    value ^= view.getInt32(at, true)
    const next = view.getInt32(at + 4, true)
    value =
      t7[value & 0xff]! ^
      t6[(value >>> 8) & 0xff]! ^
      t5[(value >>> 16) & 0xff]! ^
      t4[value >>> 24]! ^
      t3[next & 0xff]! ^
      t2[(next >>> 8) & 0xff]! ^
      t1[(next >>> 16) & 0xff]! ^
      t0[next >>> 24]!
  }
  for (; at < bytes.length; at++) value = (value >>> 8) ^ t0[(value ^ bytes[at]!) & 0xff]!
  return ~value >>> 0
}

/** Two halves of 64 bits, for there is no integer of that size that is fast. Index: 256 times the slice, plus the byte. */
interface Tables64 {
  readonly high: Int32Array
  readonly low: Int32Array
}
const nvmePolynomial = 0x9a6c9329ac4bc9b5n

function tables64(): Tables64 {
  const high = new Int32Array(sliceCount * 256)
  const low = new Int32Array(sliceCount * 256)
  const whole: bigint[] = []
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte)
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ nvmePolynomial : value >> 1n
    whole.push(value)
  }
  for (let index = 256; index < sliceCount * 256; index++) {
    const value = whole[index - 256]!
    whole.push((value >> 8n) ^ whole[Number(value & 0xffn)]!)
  }
  for (const [index, value] of whole.entries()) {
    high[index] = Number(value >> 32n)
    low[index] = Number(value & 0xffff_ffffn)
  }
  return { high, low }
}

let nvme: Tables64 | undefined

/** A running CRC-64/NVME. */
export function crc64Nvme(): { update(bytes: Uint8Array): void; digest(): Buffer } {
  const { high, low } = (nvme ??= tables64())
  let upper = -1
  let lower = -1
  return {
    update(bytes) {
      const view = viewOf(bytes)
      let [h, l] = [upper, lower]
      let at = 0
      for (const end = bytes.length - 7; at < end; at += 8) {
        l ^= view.getInt32(at, true)
        h ^= view.getInt32(at + 4, true)
        const i7 = 1792 + (l & 0xff)
        const i6 = 1536 + ((l >>> 8) & 0xff)
        const i5 = 1280 + ((l >>> 16) & 0xff)
        const i4 = 1024 + (l >>> 24)
        const i3 = 768 + (h & 0xff)
        const i2 = 512 + ((h >>> 8) & 0xff)
        const i1 = 256 + ((h >>> 16) & 0xff)
        const i0 = h >>> 24
        h = high[i7]! ^ high[i6]! ^ high[i5]! ^ high[i4]! ^ high[i3]! ^ high[i2]! ^ high[i1]! ^ high[i0]!
        l = low[i7]! ^ low[i6]! ^ low[i5]! ^ low[i4]! ^ low[i3]! ^ low[i2]! ^ low[i1]! ^ low[i0]!
      }
      for (; at < bytes.length; at++) {
        const index = (l ^ bytes[at]!) & 0xff
        l = ((l >>> 8) | (h << 24)) ^ low[index]!
        h = (h >>> 8) ^ high[index]!
      }
      ;[upper, lower] = [h, l]
    },
    digest() {
      const bytes = Buffer.alloc(8)
      bytes.writeUInt32BE(~upper >>> 0, 0)
      bytes.writeUInt32BE(~lower >>> 0, 4)
      return bytes
    },
  }
}
