import { describe, expect, it } from "vitest";
import { divide, formatRange, rangeOf } from "./address-range.ts";

describe("the addresses of a CIDR", () => {
  it.each([
    ["10.0.0.0/8", "10.0.0.0-10.255.255.255"],
    ["0.0.0.0/0", "0.0.0.0-255.255.255.255"],
    ["203.0.113.7/32", "203.0.113.7"],
    ["2001:db8::/32", "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["::/0", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["fd00::1/128", "fd00::1"],
  ])("%s", (cidr, text) => {
    expect(formatRange(rangeOf(cidr))).toBe(text);
  });
});

describe("a range is divided", () => {
  it.each([
    {
      name: "nowhere, by ranges beyond it",
      others: ["11.0.0.0/8", "9.0.0.0/8", "2001:db8::/32"],
      parts: ["10.0.0.0-10.255.255.255"],
    },
    {
      name: "at both ends of a range inside",
      others: ["10.1.0.0/16"],
      parts: ["10.0.0.0-10.0.255.255", "10.1.0.0-10.1.255.255", "10.2.0.0-10.255.255.255"],
    },
    {
      name: "once where two begin together",
      others: ["10.128.0.0/9", "10.128.0.0/9"],
      parts: ["10.0.0.0-10.127.255.255", "10.128.0.0-10.255.255.255"],
    },
    { name: "nowhere, by a range around it", others: ["0.0.0.0/0"], parts: ["10.0.0.0-10.255.255.255"] },
  ])("$name", ({ others, parts }) => {
    expect(divide(rangeOf("10.0.0.0/8"), others.map(rangeOf)).map(formatRange)).toEqual(parts);
  });
});
