import { BlockList, isIP, isIPv4 } from 'node:net'

/**
 * Networks that no subscriber is called in unless the configuration says so: ourselves, the machine's neighbours, addresses
 * that stand for others, and what is nobody's. Source: the IANA special-purpose address registries.
 */
const forbiddenNetworks = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Of IPv6 only what is globally routed, without the ranges in it that lead elsewhere: Teredo, documentation, 6to4.
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
] as const
const globalIpv6 = '2000::/3'

export type MayCall = (address: string) => boolean

/** `allowed`: addresses and networks that may be called, too. @throws {TypeError} one of them is neither. */
export function createMayCall(allowed: readonly string[]): MayCall {
  const opened = networkList(allowed)
  const forbidden = networkList(forbiddenNetworks)
  const global = networkList([globalIpv6])
  return (address) => {
    const family = isIP(address)
    if (family === 0) return false
    const is = (list: BlockList): boolean => list.check(address, family === 4 ? 'ipv4' : 'ipv6')
    if (is(opened)) return true
    // An IPv4 address in IPv6's clothes is none that anybody needs.
    if (family === 6 && !is(global)) return false
    return !is(forbidden)
  }
}

function networkList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    const type = isIPv4(address) ? 'ipv4' : 'ipv6'
    if (isIP(address) === 0) throw new TypeError(`not an address or a network: ${network}`)
    if (bits === undefined) list.addAddress(address, type)
    else list.addSubnet(address, Number(bits), type)
  }
  return list
}
