import { BlockList, isIP, isIPv6 } from 'node:net'

/** More hops than any real chain of proxies; bounds the work on a header that strangers write. */
const hopsMax = 32

/** `::ffff:192.0.2.1` is `192.0.2.1`; zones (`%eth0`) are left out. */
export function plainAddress(address: string): string {
  const bare = address.split('%', 1)[0]!
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1]
  return mapped ?? bare
}

/**
 * Finds the client's address behind proxies. `trustedProxies`: addresses and CIDR networks. X-Forwarded-For is read from
 * the right, as long as each address is a trusted proxy's; what stands further left was written by the client and counts
 * for nothing.
 * @throws {TypeError} an entry is neither an address nor a network.
 */
export function createSourceAddress(trustedProxies: readonly string[]) {
  const trusted = new BlockList()
  for (const entry of trustedProxies) addTrusted(trusted, entry)
  const isTrusted = (address: string) => trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')

  return (socketAddress: string | undefined, forwardedFor: string | undefined): string => {
    let address = plainAddress(socketAddress ?? '')
    if (trustedProxies.length === 0 || forwardedFor === undefined || !isIP(address)) return address
    const hops = forwardedFor.split(',').slice(-hopsMax)
    while (hops.length > 0 && isTrusted(address)) {
      const hop = hopAddress(hops.pop()!)
      if (hop === undefined) break
      address = hop
    }
    return address
  }
}

function addTrusted(trusted: BlockList, entry: string): void {
  const [address = '', bits] = entry.split('/')
  const family = isIP(address)
  const prefix = bits === undefined ? undefined : Number(bits)
  const valid = prefix === undefined || (/^\d{1,3}$/.test(bits!) && prefix <= (family === 4 ? 32 : 128))
  if (family === 0 || !valid) throw new TypeError(`not an address or a network: ${entry}`)
  const type = family === 4 ? 'ipv4' : 'ipv6'
  if (prefix === undefined) trusted.addAddress(address, type)
  else trusted.addSubnet(address, prefix, type)
}

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`. */
function hopAddress(text: string): string | undefined {
  const hop = text.trim()
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)?.[1] ?? hop
  const address = plainAddress(bare)
  return isIP(address) ? address : undefined
}
