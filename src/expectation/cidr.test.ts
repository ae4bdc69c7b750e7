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
  test.each([
    { cidr: "10.0.0.0/8", inside: ["10.0.0.0", "10.255.255.255"], outside: ["9.255.255.255", "11.0.0.0"] },
    { cidr: "10.0.0.128/25", inside: ["10.0.0.128", "10.0.0.255"], outside: ["10.0.0.127", "10.0.1.0"] },
    { cidr: "10.0.0.4/31", inside: ["10.0.0.4", "10.0.0.5"], outside: ["10.0.0.3", "10.0.0.6"] },
    { cidr: "10.0.0.1/32", inside: ["10.0.0.1"], outside: ["10.0.0.0", "10.0.0.2", "138.0.0.1"] },
    { cidr: "128.0.0.0/1", inside: ["128.0.0.0", "255.255.255.255"], outside: ["127.255.255.255", "0.0.0.0"] },
    { cidr: "0.0.0.0/0", inside: ["0.0.0.0", "255.255.255.255"], outside: ["::", "::1", "::ffff:10.0.0.1"] },
    { cidr: "::/0", inside: ["::", "ffff::ffff", "::ffff:10.0.0.1"], outside: ["0.0.0.0", "10.0.0.1"] },
    { cidr: "::/96", inside: ["::10.0.0.1", "::1"], outside: ["10.0.0.1", "::1:0:0"] },
    { cidr: "::ffff:0:0/96", inside: ["::ffff:10.0.0.1"], outside: ["10.0.0.1"] },
    { cidr: "fd00::/8", inside: ["fd00::", "fdff:ffff::1"], outside: ["fc00::", "fe00::"] },
    { cidr: "fd00:1::/32", inside: ["fd00:1::", "fd00:1:ffff::1"], outside: ["fd00::1", "fd00:2::"] },
    { cidr: "fd00:1:2::/33", inside: ["fd00:1:2::", "fd00:1:7fff::"], outside: ["fd00:1:8000::"] },
    { cidr: "fd00::/64", inside: ["fd00::ffff:ffff:ffff:ffff"], outside: ["fd00:0:0:1::"] },
    { cidr: "fd00::4/126", inside: ["fd00::4", "fd00::7"], outside: ["fd00::3", "fd00::8"] },
    { cidr: "fd00::1/128", inside: ["fd00::1", "FD00:0:0::0001"], outside: ["fd00::", "fd00::2", "fd00::1:0:1"] },
  ])("$cidr", ({ cidr, inside, outside }) => {
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

test.each([
  { text: "10.0.0.1", formatted: "10.0.0.1" },
  { text: "255.255.255.255", formatted: "255.255.255.255" },
  { text: "::", formatted: "::" },
  { text: "0:0:0:0:0:0:0:1", formatted: "::1" },
  { text: "1::", formatted: "1::" },
  { text: "1:2:3:4:5:6:7::", formatted: "1:2:3:4:5:6:7:0" },
  { text: "FD00:0:0:1:0:0:0:1", formatted: "fd00:0:0:1::1" },
  { text: "1:0:0:2:0:0:3:4", formatted: "1::2:0:0:3:4" },
  { text: "1:0:2:0:3:0:4:0", formatted: "1:0:2:0:3:0:4:0" },
  { text: "::ffff:10.0.0.1", formatted: "::ffff:a00:1" },
  { text: "::1.2.3.4", formatted: "::102:304" },
  { text: "1::1.2.3.4", formatted: "1::102:304" },
])("$text is spelt $formatted", ({ text, formatted }) => {
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
        for (const address of [base, near, other]) {
          const oracle = ipaddr.parse(address);
          const expected = oracle.kind() === parsed.kind() && oracle.match(parsed, length);
          expect({ address, isIn: isIn(`${base}/${length}`, address) }).toEqual({ address, isIn: expected });
        }
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
