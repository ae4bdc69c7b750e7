import ipaddr from "ipaddr.js";
import { describe, expect, test } from "vitest";
import { cidrFault, isStrictSubset } from "./cidr.ts";

describe("a CIDR", () => {
  test.each([
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.1.2.3/32",
    "::/0",
    "fd00::/8",
    "2001:0db8::/32",
    "2001:DB8::1/128",
    "::10.0.0.0/104",
    "1:2:3:4:5:6:7:8/128",
  ])("%s is accepted", (text) => {
    expect(cidrFault(text)).toBeUndefined();
  });

  test.each([
    ["", "must be a valid CIDR value"],
    ["10.0.0.0", "must be a valid CIDR value"],
    ["10.0.0/8", "must be a valid CIDR value"],
    ["10.0.0.256/32", "must be a valid CIDR value"],
    ["10.0.0.0/33", "must be a valid CIDR value"],
    ["10.0.0.0/", "must be a valid CIDR value"],
    ["10.0.0.0/+8", "must be a valid CIDR value"],
    ["10.0.0.0/8/8", "must be a valid CIDR value"],
    ["fe80::1%eth0/64", "must be a valid CIDR value"],
    ["::/129", "must be a valid CIDR value"],
    [" 10.0.0.0/8", "must be a valid CIDR value"],
    ["010.0.0.0/8", "must not have leading 0s in IP or prefix length"],
    ["10.0.0.00/8", "must not have leading 0s in IP or prefix length"],
    ["10.0.0.0/08", "must not have leading 0s in IP or prefix length"],
    ["::/00", "must not have leading 0s in IP or prefix length"],
    ["::ffff:10.0.0.0/104", "must not have an IPv4-mapped IPv6 address"],
    ["::ffff:a00:0/104", "must not have an IPv4-mapped IPv6 address"],
    ["10.0.0.1/8", "must not have bits set beyond the prefix length"],
    ["10.0.0.1/0", "must not have bits set beyond the prefix length"],
    ["2001:db8::1/64", "must not have bits set beyond the prefix length"],
  ])("%j is refused: %s", (text, fault) => {
    expect(cidrFault(text)).toContain(fault);
  });

  test.each([
    ["10.1.0.0/16", "10.0.0.0/8", true],
    ["10.0.0.0/8", "10.0.0.0/8", false],
    ["10.0.0.0/7", "10.0.0.0/8", false],
    ["11.0.0.0/16", "10.0.0.0/8", false],
    ["1.2.3.4/32", "0.0.0.0/0", true],
    ["fd00:1::/32", "fd00::/8", true],
    ["fd00::/64", "10.0.0.0/8", false],
    ["10.0.0.7/16", "10.0.0.0/8", true],
  ])("%s is a strict subset of %s: %s", (inner, outer, expected) => {
    expect(isStrictSubset(inner, outer)).toBe(expected);
  });

  test("is cut at its prefix as a library cuts it", () => {
    for (let prefix = 0; prefix <= 128; prefix += 1) {
      const first = ipaddr.IPv6.networkAddressFromCIDR(`2001:db8:ffff:ffff:a5a5:5a5a:1234:5678/${prefix}`);
      expect(cidrFault(`${first}/${prefix}`)).toBeUndefined();
    }
    for (let prefix = 0; prefix <= 32; prefix += 1) {
      const first = ipaddr.IPv4.networkAddressFromCIDR(`203.255.85.170/${prefix}`);
      expect(cidrFault(`${first}/${prefix}`)).toBeUndefined();
    }
  });
});
