import { isIP } from "node:net";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, test } from "vitest";
import { contains, formatAddress, parseAddress, parseCidr } from "./cidr.ts";

function isIn(cidrText: string, addressText: string): boolean {
  const [cidr, address] = [parseCidr(cidrText), parseAddress(addressText)];
  if (cidr === undefined || address === undefined) throw new Error(`cannot read "${cidrText}" or "${addressText}"`);
  return contains(cidr, address);
}

describe("a block contains its own addresses", () => {
  test.each<[cidr: string, inside: string[], outside: string[]]>([
    ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0"]],
    ["10.0.0.128/25", ["10.0.0.128", "10.0.0.255"], ["10.0.0.127", "10.0.1.0"]],
    ["10.0.0.4/31", ["10.0.0.4", "10.0.0.5"], ["10.0.0.3", "10.0.0.6"]],
    ["10.0.0.1/32", ["10.0.0.1"], ["10.0.0.0", "10.0.0.2", "138.0.0.1"]],
    ["128.0.0.0/1", ["128.0.0.0", "255.255.255.255"], ["127.255.255.255", "0.0.0.0"]],
    ["0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "::1", "::ffff:10.0.0.1"]],
    ["::/0", ["::", "ffff::ffff", "::ffff:10.0.0.1"], ["0.0.0.0", "10.0.0.1"]],
    ["::/96", ["::10.0.0.1", "::1"], ["10.0.0.1", "::1:0:0"]],
    ["::ffff:0:0/96", ["::ffff:10.0.0.1"], ["10.0.0.1"]],
    ["fd00::/8", ["fd00::", "fdff:ffff::1"], ["fc00::", "fe00::"]],
    ["fd00:1::/32", ["fd00:1::", "fd00:1:ffff::1"], ["fd00::1", "fd00:2::"]],
    ["fd00:1:2::/33", ["fd00:1:2::", "fd00:1:7fff::"], ["fd00:1:8000::"]],
    ["fd00::/64", ["fd00::ffff:ffff:ffff:ffff"], ["fd00:0:0:1::"]],
    ["fd00::4/126", ["fd00::4", "fd00::7"], ["fd00::3", "fd00::8"]],
    ["fd00::1/128", ["fd00::1", "FD00:0:0::0001"], ["fd00::", "fd00::2", "fd00::1:0:1"]],
  ])("%s", (cidr, inside, outside) => {
    expect([...inside, ...outside].filter((address) => isIn(cidr, address))).toEqual(inside);
  });
});

test("bits beyond the prefix are dropped", () => {
  expect(parseCidr("10.1.2.3/8")).toEqual(parseCidr("10.0.0.0/8"));
  expect(parseCidr("fd00:1::1/16")).toEqual(parseCidr("fd00::/16"));
});

test.each([
  "",
  "10.0.0.1",
  "10.0.0.0/",
  "10.0.0.0/33",
  "10.0.0.0/-1",
  "10.0.0.0/08",
  "10.0.0.0/8/8",
  "10.0.0.0/255.0.0.0",
  "10.0.0/8",
  "010.0.0.0/8",
  "fd00::/129",
  "fd00::/ 8",
  "/8",
])("%j is no CIDR", (text) => {
  expect(parseCidr(text)).toBeUndefined();
});

test.each([
  "",
  "10.1",
  "10.0.0.256",
  "10.0.0.1.1",
  "010.0.0.1",
  "0x0a.0.0.1",
  "10.0.0.1 ",
  "1e1.0.0.1",
  ":",
  ":::",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4::5:6:7:8",
  "1::2::3",
  "::12345",
  "::g",
  "::1%eth0",
  "::1.2.3",
  "1.2.3.4::",
  "::1.2.3.4:5",
  ":1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:",
])("%j is no address", (text) => {
  expect(isIP(text) === 0 || text.includes("%")).toBe(true);
  expect(parseAddress(text)).toBeUndefined();
});

test.each<[text: string, formatted: string]>([
  ["10.0.0.1", "10.0.0.1"],
  ["255.255.255.255", "255.255.255.255"],
  ["::", "::"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["1::", "1::"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["FD00:0:0:1:0:0:0:1", "fd00:0:0:1::1"],
  ["1:0:0:2:0:0:3:4", "1::2:0:0:3:4"],
  ["1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"],
  ["::ffff:10.0.0.1", "::ffff:a00:1"],
  ["::1.2.3.4", "::102:304"],
  ["1::1.2.3.4", "1::102:304"],
])("%s is spelt %s", (text, formatted) => {
  const address = parseAddress(text);
  expect(address && formatAddress(address)).toBe(formatted);
});

describe("ipaddr.js agrees", () => {
  // It takes "::1.2.3.4" for IPv4-mapped, so it is asked about addresses in hexadecimal alone.
  const hexadecimal = fc.ipV6().filter((text) => !text.includes("."));
  const arbitraryAddress = fc.oneof(fc.ipV4(), hexadecimal);

  test("on which addresses a block contains", () => {
    // Addresses next to the block's own, so that many lie on its edges.
    const block = fc.record({
      base: arbitraryAddress,
      prefix: fc.nat(128),
      flipped: fc.nat(127),
      other: arbitraryAddress,
    });
    fc.assert(
      fc.property(block, ({ base, prefix, flipped, other }) => {
        const parsed = ipaddr.parse(base);
        const length = parsed.kind() === "ipv4" ? Math.min(prefix, 32) : prefix;
        const near = flipBit(parsed, flipped);
        const addresses = [base, near, other];
        const expected = addresses.filter((address) => {
          const oracle = ipaddr.parse(address);
          return oracle.kind() === parsed.kind() && oracle.match(parsed, length);
        });
        expect(addresses.filter((address) => isIn(`${base}/${length}`, address))).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});

test("URL agrees on how an IPv6 address is spelt", () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const address = parseAddress(text);
      expect(address && `[${formatAddress(address)}]`).toBe(new URL(`http://[${text}]`).hostname);
    }),
    { numRuns: 1_000 },
  );
});

test("node:net agrees on what is an address", () => {
  const text = fc.string({ unit: fc.constantFrom("0", "1", "25", "f", ":", "::", ".", "a"), maxLength: 14 });
  fc.assert(
    fc.property(text, (candidate) => {
      expect({ candidate, family: parseAddress(candidate)?.family ?? 0 }).toEqual({
        candidate,
        family: isIP(candidate),
      });
    }),
    { numRuns: 3_000 },
  );
});

function flipBit(address: ipaddr.IPv4 | ipaddr.IPv6, bit: number): string {
  const bytes = address.toByteArray();
  const at = bit % (bytes.length * 8);
  return ipaddr
    .fromByteArray(bytes.map((byte, index) => (index === at >> 3 ? byte ^ (0x80 >> (at & 7)) : byte)))
    .toString();
}
