/** Addresses from `first` on that share its leading `prefix` bits. IPv4-mapped IPv6 addresses are IPv4 addresses. */
export interface IpRange {
  readonly bits: 32 | 128
  readonly first: bigint
  readonly prefix: number
}

/** The longest: eight groups, the last two in IPv4 form, and a prefix length. */
const ipTextCharsMax = 49
const mappedPrefix = 0xffffn

/** Reads an address or a CIDR range, of either family; undefined for anything else. Bits behind the prefix are ignored. */
export function parseIpRange(text: string): IpRange | undefined {
  if (text.length > ipTextCharsMax) return undefined
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const six = address.includes(':')
  const bits = six ? 128 : 32
  const value = six ? parseIpv6(address) : parseIpv4(address)
  const prefix = slash < 0 ? bits : decimal(text.slice(slash + 1), bits)
  if (value === undefined || prefix === undefined) return undefined
  if (six && value >> 32n === mappedPrefix && prefix >= 96)
    return { bits: 32, first: value & 0xffff_ffffn, prefix: prefix - 96 }
  return { bits, first: value, prefix }
}

/** Whether the range is one address. A range of a single address, written as such, is the same. */
export const isAddress = ({ bits, prefix }: IpRange): boolean => prefix === bits

export function inIpRange(address: IpRange, range: IpRange): boolean {
  const rest = BigInt(range.bits - range.prefix)
  return address.bits === range.bits && address.first >> rest === range.first >> rest
}

/** Without leading zeros, which some readers take for octal. */
function decimal(text: string, max: number): number | undefined {
  if (!/^(?:0|[1-9]\d{0,2})$/.test(text)) return undefined
  const value = Number(text)
  return value <= max ? value : undefined
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.').map((part) => decimal(part, 255))
  if (parts.length !== 4) return undefined
  let value = 0n
  for (const part of parts) {
    if (part === undefined) return undefined
    value = (value << 8n) | BigInt(part)
  }
  return value
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = ipv6Groups(halves[0]!, halves.length === 1)
  const tail = halves.length === 2 ? ipv6Groups(halves[1]!, true) : []
  if (!head || !tail) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail]
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n)
}

/** `last`: these groups end the address, so the last two may be written as an IPv4 address. */
function ipv6Groups(text: string, last: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16))
    else {
      const four = last && index === parts.length - 1 ? parseIpv4(part) : undefined
      if (four === undefined) return undefined
      groups.push(Number(four >> 16n), Number(four & 0xffffn))
    }
  }
  return groups
}
