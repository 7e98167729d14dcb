/** What a disk writes as a whole: a power cut leaves each of these old or new, never mixed. */
const sectorBytes = 512

/** The content of one simulated file: as read now, and as it would be after a power cut. */
export class SimulatedContent {
  #bytes: Buffer = Buffer.alloc(0)
  #durable: Buffer = Buffer.alloc(0)
  #size = 0
  #durableSize = 0
  readonly #unsynced = new Set<number>()

  get size(): number {
    return this.#size
  }

  read(position: number, length: number): Buffer {
    return Buffer.from(this.#bytes.subarray(position, Math.max(position, Math.min(this.#size, position + length))))
  }

  write(position: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const end = position + bytes.length
    this.#bytes = grown(this.#bytes, end)
    this.#bytes.set(bytes, position)
    this.#size = Math.max(this.#size, end)
    this.#touch(position, end)
  }

  truncate(length: number): void {
    this.#bytes = grown(this.#bytes, length)
    this.#bytes.fill(0, length)
    this.#touch(Math.min(length, this.#size), Math.max(length, this.#size))
    this.#size = length
  }

  sync(): void {
    this.#durable = grown(this.#durable, this.#bytes.length)
    for (const sector of this.#unsynced) this.#keep(sector)
    this.#unsynced.clear()
    this.#durableSize = this.#size
  }

  /** Unsynced sectors will not be written any more, though reading still shows them. */
  forgetUnsynced(): void {
    this.#unsynced.clear()
  }

  /** Each unsynced sector survives or not; so does a changed size, or any size in between. */
  crash(random: () => number): void {
    this.#durable = grown(this.#durable, this.#bytes.length)
    for (const sector of this.#unsynced) if (random() < 0.5) this.#keep(sector)
    this.#unsynced.clear()
    if (this.#durableSize !== this.#size) {
      const part = random() * 1.5 - 0.25
      const between = this.#durableSize + (this.#size - this.#durableSize) * Math.min(1, Math.max(0, part))
      this.#durableSize = Math.floor(between)
    }
    this.#durable.fill(0, this.#durableSize)
    this.#bytes = Buffer.from(this.#durable)
    this.#size = this.#durableSize
  }

  corrupt(position: number, mask: number): void {
    this.#bytes[position]! ^= mask
    this.#durable[position]! ^= mask
  }

  #touch(from: number, to: number): void {
    for (let sector = Math.floor(from / sectorBytes); sector * sectorBytes < to; sector++) this.#unsynced.add(sector)
  }

  #keep(sector: number): void {
    this.#bytes.copy(this.#durable, sector * sectorBytes, sector * sectorBytes, (sector + 1) * sectorBytes)
  }
}

function grown(bytes: Buffer, length: number): Buffer {
  if (bytes.length >= length) return bytes
  const next = Buffer.alloc(Math.max(length, bytes.length * 2))
  bytes.copy(next)
  return next
}
