import { expect, test } from "vitest";
import { refusal } from "./refusal.ts";

const NOTHING_SET = { "user.max_user_namespaces": "96364", "kernel.apparmor_restrict_unprivileged_userns": "0" };
const EPERM = "unshare: unshare failed: Operation not permitted\n";

const CASES = [
  {
    name: "Debian's own switch",
    settings: { "kernel.unprivileged_userns_clone": "0" },
    hint: "As root change what forbids it: kernel.unprivileged_userns_clone is 0 (sysctl -w kernel.unprivileged_userns_clone=1)",
  },
  {
    name: "AppArmor's restriction",
    settings: { "kernel.apparmor_restrict_unprivileged_userns": "1" },
    hint: "kernel.apparmor_restrict_unprivileged_userns is 1",
  },
  {
    name: "no user namespaces at all",
    settings: { "user.max_user_namespaces": "0" },
    hint: "user.max_user_namespaces is 0",
  },
  { name: "no network namespaces", settings: { "user.max_net_namespaces": "0" }, hint: "user.max_net_namespaces is 0" },
  {
    name: "no setting",
    settings: NOTHING_SET,
    hint: "No kernel setting forbids it, so a container's seccomp profile may",
  },
];

test.each(CASES)("a refusal says what forbids it: $name", ({ settings, hint }) => {
  const error = refusal([EPERM, EPERM], (name) => new Map(Object.entries(settings)).get(name));
  expect(error.code).toBe("LAB_NOT_PERMITTED");
  expect(error.message).toBe(
    "Cannot start the lab: the kernel refuses to make its namespaces: unshare: unshare failed: Operation not permitted; then unshare: unshare failed: Operation not permitted",
  );
  expect(error.hint).toContain(hint);
});

test("a kernel without nftables and an agent that cannot be read are told apart", () => {
  const noTables = "nft: Unable to initialize Netlink socket: Protocol not supported";
  expect(refusal([noTables], () => undefined).code).toBe("LAB_NO_NFTABLES");
  const noAgent = "netproof-lab: 8: cannot open /nowhere/agent: Permission denied";
  expect(refusal([noAgent], () => undefined).code).toBe("LAB_NO_AGENT");
});
