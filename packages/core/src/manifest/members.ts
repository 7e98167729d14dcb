import { decodeBase64 } from './base64.ts'

/** A member that is absent or not what a manifest has there. Never leaves the domain: `readManifest` answers with it. */
export class MemberFault extends Error {
  override readonly name = 'MemberFault'
  readonly field: string
  constructor(field: string, message: string) {
    super(message)
    this.field = field
  }
}

export type JsonObject = Readonly<Record<string, unknown>>
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads the members of one untrusted JSON object, strictly; `path` is where it stands. Each method throws {MemberFault}. */
export class Members {
  readonly #json: JsonObject
  readonly #path: string

  constructor(json: unknown, path: string) {
    if (!isObject(json)) throw new MemberFault(path, 'no object')
    this.#json = json
    this.#path = path
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#json, name)
  }

  /** Whatever stands there; undefined: nothing. */
  raw(name: string): unknown {
    return this.has(name) ? this.#json[name] : undefined
  }

  fault(name: string, message: string): MemberFault {
    return new MemberFault(this.path(name), message)
  }

  path(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }

  object(name: string): Members {
    return new Members(this.raw(name), this.path(name))
  }

  list<Item>(name: string, countMax: number, read: (item: unknown, path: string) => Item): Item[] {
    const value = this.raw(name)
    if (!Array.isArray(value)) throw this.fault(name, 'no list')
    if (value.length > countMax) throw this.fault(name, `more than ${countMax}`)
    return value.map((item: unknown, index) => read(item, `${this.path(name)}[${index}]`))
  }

  boolean(name: string): boolean {
    const value = this.raw(name)
    if (typeof value !== 'boolean') throw this.fault(name, 'no boolean')
    return value
  }

  /** A whole number from `min` on that is exact. */
  count(name: string, min = 0): number {
    const value = this.raw(name)
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min)
      throw this.fault(name, `no whole number from ${min} on`)
    return value
  }

  /** Not empty and without control characters: the signed text has lines, and consoles would not survive them. */
  text(name: string, charsMax: number): string {
    const value = this.raw(name)
    // oxlint-disable-next-line no-control-regex
    if (typeof value !== 'string' || value === '' || value.length > charsMax || /[\u0000-\u001f\u007f]/.test(value))
      throw this.fault(name, `no text of 1 to ${charsMax} characters`)
    return value
  }

  match(name: string, pattern: RegExp): string {
    const value = this.raw(name)
    if (typeof value !== 'string' || !pattern.test(value)) throw this.fault(name, 'not what a manifest has there')
    return value
  }

  base64(name: string): Uint8Array {
    const value = this.raw(name)
    const bytes = typeof value === 'string' ? decodeBase64(value) : undefined
    if (bytes === undefined) throw this.fault(name, 'no Base64')
    return bytes
  }
}
