import { isIP } from "node:net";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, test } from "vitest";
import { canonicalCidr, cidrObjection, isStrictSubset, readCidr } from "./cidr-syntax.ts";

const NOT_A_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
const LEADING_ZEROS = "must not have leading 0s in IP or prefix length";
const BITS_BEYOND = "must not have bits set beyond the prefix length";
const MAPPED = "must not have an IPv4-mapped IPv6 address";

describe("a CIDR", () => {
  test.each([
    { text: "10.0.0.0/8", canonical: "10.0.0.0/8", objection: undefined },
    { text: "0.0.0.0/0", canonical: "0.0.0.0/0", objection: undefined },
    { text: "192.168.1.7/32", canonical: "192.168.1.7/32", objection: undefined },
    { text: "::/0", canonical: "::/0", objection: undefined },
    { text: "2001:DB8:0::/48", canonical: "2001:db8::/48", objection: undefined },
    { text: "2001:db8:0:1:0:0:0:1/128", canonical: "2001:db8:0:1::1/128", objection: undefined },
    { text: "1:0:0:2:0:0:0:3/128", canonical: "1:0:0:2::3/128", objection: undefined },
    { text: "1:0:2:3:4:5:6:7/128", canonical: "1:0:2:3:4:5:6:7/128", objection: undefined },
    { text: "64:ff9b::10.0.0.1/128", canonical: "64:ff9b::a00:1/128", objection: undefined },
    { text: "fe80:0abc::/64", canonical: "fe80:abc::/64", objection: undefined },
    { text: "10.0.0.7/8", canonical: "10.0.0.0/8", objection: BITS_BEYOND },
    { text: "fd00::1/64", canonical: "fd00::/64", objection: BITS_BEYOND },
    { text: "010.0.0.0/8", canonical: "10.0.0.0/8", objection: LEADING_ZEROS },
    { text: "10.0.0.00/8", canonical: "10.0.0.0/8", objection: LEADING_ZEROS },
    { text: "10.0.0.0/08", canonical: "10.0.0.0/8", objection: LEADING_ZEROS },
    { text: "fd00::00001/128", canonical: "fd00::1/128", objection: LEADING_ZEROS },
    { text: "::ffff:10.0.0.0/104", canonical: "10.0.0.0/8", objection: MAPPED },
    { text: "::ffff:10.0.0.0/88", canonical: "::ff00:0:0/88", objection: MAPPED },
    { text: "::ffff:0:0/96", canonical: "0.0.0.0/0", objection: MAPPED },
    { text: "10.0.0.1", canonical: undefined, objection: NOT_A_CIDR },
    { text: "10.1/16", canonical: undefined, objection: NOT_A_CIDR },
    { text: "10.0.0.0/33", canonical: undefined, objection: NOT_A_CIDR },
    { text: "::/129", canonical: undefined, objection: NOT_A_CIDR },
    { text: "10.0.0.256/32", canonical: undefined, objection: NOT_A_CIDR },
    { text: "1::2::3/64", canonical: undefined, objection: NOT_A_CIDR },
    { text: "1:2:3:4:5:6:7/64", canonical: undefined, objection: NOT_A_CIDR },
    { text: "1:2:3:4:5:6:7:8::/64", canonical: undefined, objection: NOT_A_CIDR },
    { text: "1.2.3.4::/64", canonical: undefined, objection: NOT_A_CIDR },
    { text: "fe80::1%eth0/64", canonical: undefined, objection: NOT_A_CIDR },
    { text: " 10.0.0.0/8", canonical: undefined, objection: NOT_A_CIDR },
    { text: "10.0.0.0/-1", canonical: undefined, objection: NOT_A_CIDR },
    { text: "", canonical: undefined, objection: NOT_A_CIDR },
  ])('"$text" is read as $canonical, and the API server says: $objection', ({ text, canonical, objection }) => {
    expect(canonicalCidr(text)).toBe(canonical);
    expect(cidrObjection(text)).toBe(objection);
  });

  test("has the spelling that ipaddr.js gives it", () => {
    const addresses = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.constantFrom("::", "1::", "::1", "0:0:1::0:0", "fd00::1:0:0:1"),
    );
    fc.assert(
      fc.property(addresses, fc.nat(128), (address, bits) => {
        const width = isIP(address) === 4 ? 32 : 128;
        const prefix = bits % (width + 1);
        const parsed = ipaddr.parse(address);
        fc.pre(!(parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress()));
        const network =
          width === 32
            ? ipaddr.IPv4.networkAddressFromCIDR(`${address}/${prefix}`).toString()
            : ipaddr.IPv6.networkAddressFromCIDR(`${address}/${prefix}`).toRFC5952String();
        expect(canonicalCidr(`${address}/${prefix}`)).toBe(`${network}/${prefix}`);
      }),
    );
  });
});

test.each([
  { inner: "10.1.0.0/16", outer: "10.0.0.0/8", is: true },
  { inner: "10.0.0.0/8", outer: "10.0.0.0/8", is: false },
  { inner: "10.0.0.0/8", outer: "10.0.0.0/16", is: false },
  { inner: "11.0.0.0/16", outer: "10.0.0.0/8", is: false },
  { inner: "fd00::/64", outer: "10.0.0.0/8", is: false },
  { inner: "::/1", outer: "::/0", is: true },
])("$inner as a strict subset of $outer: $is", ({ inner, outer, is }) => {
  const [left, right] = [readCidr(inner), readCidr(outer)];
  expect(left && right && isStrictSubset(left, right)).toBe(is);
});
