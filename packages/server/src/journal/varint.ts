/** Whole numbers in 7-bit groups, low group first, up to 2^53. Signed ones zigzag, so that small ones stay short. */
export interface VarintWriter {
  unsigned(value: number): void
  signed(value: number): void
  finish(): Buffer
}

export function createVarintWriter(): VarintWriter {
  const bytes: number[] = []
  const group = (value: number, sign: number): void => {
    // The sign takes the lowest bit of the first group where there is one, so nothing has to be doubled beyond 2^53.
    let rest = value
    if (sign >= 0) {
      const low = (rest % 64) * 2 + sign
      rest = Math.floor(rest / 64)
      bytes.push(rest > 0 ? low | 0x80 : low)
      if (rest === 0) return
    }
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
    bytes.push(rest)
  }
  return {
    unsigned: (value) => group(value, -1),
    signed: (value) => group(Math.abs(value), value < 0 ? 1 : 0),
    finish: () => Buffer.from(bytes),
  }
}

export interface VarintReader {
  unsigned(): number
  signed(): number
  readonly position: number
}

/** @throws {RangeError} when `source` ends inside a number. */
export function createVarintReader(source: Buffer, start: number): VarintReader {
  let position = start
  const next = (): number => source.readUInt8(position++)
  const unsigned = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = next()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }
  return {
    unsigned,
    signed() {
      const byte = next()
      const low = (byte & 0x7f) >> 1
      const value = byte < 0x80 ? low : low + unsigned() * 64
      return byte & 1 ? -value : value
    },
    get position() {
      return position
    },
  }
}
