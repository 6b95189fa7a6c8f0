import { BlockList, isIP } from "node:net";
import { lazy } from "../lib/lazy.ts";

/*
 * Which IP addresses are somebody's on the public Internet: not those of IANA's registries of special-purpose addresses (IPv4: RFC 6890
 * and its updates, IPv6 the same), multicast, or those that hide an IPv4 address (mapped, NAT64, 6to4, Teredo).
 */

const SPECIAL_4 =
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 " +
  "192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3";
/** All that is not global unicast is refused; within it, these. */
const GLOBAL_6 = "2000::/3";
const SPECIAL_6 = "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20";

const listOf = (ranges: string, family: "ipv4" | "ipv6"): BlockList => {
  const list = new BlockList();
  for (const range of ranges.split(" ")) {
    const [address = "", prefix] = range.split("/");
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
};

const special4 = lazy(() => listOf(SPECIAL_4, "ipv4"));
const special6 = lazy(() => listOf(SPECIAL_6, "ipv6"));
const global6 = lazy(() => listOf(GLOBAL_6, "ipv6"));

/** Whether an address, as text, is one of the public Internet. What is no address is not. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special4().check(address, "ipv4");
  return family === 6 && global6().check(address, "ipv6") && !special6().check(address, "ipv6");
}
