import { BlockList, isIP } from 'node:net';

/** `private` is inside somebody's network; `forbidden` is never a web server of anybody, or gives away credentials. */
export type AddressKind = 'public' | 'private' | 'forbidden';

type Range = readonly [address: string, prefix: number];

/** Loopback, RFC 1918, shared address space of carriers (RFC 6598), unique local addresses (RFC 4193). */
const privateRanges: readonly Range[] = [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['::1', 128],
  ['fc00::', 7],
];

/** IANA special-purpose registries of IPv4 and IPv6, and where clouds hand out credentials to their machines. */
const forbiddenRanges: readonly Range[] = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // Azure's own channel to each machine, a public address that is answered inside; Alibaba Cloud's metadata service.
  ['168.63.129.16', 32],
  ['100.100.100.200', 32],
  // Metadata services of AWS and Google Cloud inside the unique local addresses.
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
  // Inside the global unicast addresses: protocol assignments with Teredo, documentation, 6to4, and SRv6 segments.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
];

function listOf(ranges: readonly Range[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of ranges) list.addSubnet(address, prefix, family(address));
  return list;
}

const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

const forbidden = listOf(forbiddenRanges);
const inside = listOf(privateRanges);
/** Everything else of IPv6 is reserved, link-local, multicast, or carries an IPv4 address in disguise. */
const globalUnicast = listOf([['2000::', 3]]);

/** What kind of place an address is. An IPv4 address that IPv6 maps (RFC 4291 §2.5.5.2) is compared as itself. */
export function kindOfAddress(address: string): AddressKind {
  // A zone names a network card of this machine.
  if (isIP(address) === 0 || address.includes('%')) return 'forbidden';
  const version = family(address);
  if (forbidden.check(address, version)) return 'forbidden';
  if (inside.check(address, version)) return 'private';
  return version === 'ipv4' || globalUnicast.check(address, version) ? 'public' : 'forbidden';
}
