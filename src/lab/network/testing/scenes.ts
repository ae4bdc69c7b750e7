import { text } from "node:stream/consumers";
import type { LabNetwork, LabProcess } from "../../contracts.ts";
import { nodeName, podAddress } from "../addressing.ts";
import { type NetworkOptions, openNetwork } from "../network.ts";

/** What a test looks at in a network of its own, as plain data: it is played in this process or by another user's. */
const SCENES = { connections, confinement, processes, rules, lifetimes, many } satisfies Record<string, Scene>;
export type SceneName = keyof typeof SCENES;
type Scene = (network: LabNetwork) => Promise<unknown>;

export async function playScene(name: SceneName, options: Omit<NetworkOptions, "nodes">): Promise<unknown> {
  await using network = await openNetwork({ nodes: 2, ...options }, AbortSignal.timeout(20_000));
  return await SCENES[name](network);
}

/** Nothing listens anywhere: "refused" says that a packet came there and another came back. */
async function connections(network: LabNetwork) {
  const places = {
    a: { node: "node1", addresses: [podAddress(1, 0, "IPv4"), podAddress(1, 0, "IPv6")] },
    b: { node: "node1", addresses: [podAddress(1, 1, "IPv4"), podAddress(1, 1, "IPv6")] },
    c: { node: "node2", addresses: [podAddress(2, 0, "IPv4"), podAddress(2, 0, "IPv6")] },
  };
  await network.addPods(Object.entries(places).map(([id, place]) => ({ id, ...place })));
  await network.addOutside("world", ["203.0.113.10", "8.8.8.8", "2001:db8::10"]);
  // Counted where they are forwarded, and by the address that they carry there.
  const counted = ["10.244.1.2", "10.244.1.3", "203.0.113.10"].map(
    (from) => `    ip saddr ${from} tcp flags syn counter`,
  );
  await network.applyRules(
    "node1",
    `table ip seen {\n  chain forward {\n${FORWARD_HOOK}\n${counted.join("\n")}\n  }\n}\n`,
  );
  const tried = await Promise.all(
    [
      ["a", "10.244.1.3"],
      ["b", "fd00:10:244:1::2"],
      ["a", "10.244.2.2"],
      ["c", "fd00:10:244:1::3"],
      ["a", "203.0.113.10"],
      ["c", "8.8.8.8"],
      ["c", "2001:db8::10"],
      ["world", "10.244.1.2"],
      ["world", "fd00:10:244:2::2"],
      ["a", "10.250.0.2"],
      ["a", "10.250.0.3"],
      ["a", "10.244.1.77"],
      ["a", "10.244.9.1"],
      ["a", "198.51.100.1"],
    ].map(async ([from = "", to = ""]) => [`${from} > ${to}`, await knock(network.run(from, knocking(to), {}))]),
  );
  const fromNode = await knock(network.runOnNode("node2", knocking("10.244.2.2")));
  await network.setInterfaceDown("c");
  const whenDown = {
    "a > c": await knock(network.run("a", knocking("10.244.2.2"), {})),
    "c > a": await knock(network.run("c", knocking("10.244.1.2"), {})),
  };
  const listing = await output(network.runOnNode("node1", ["nft", "list", "table", "ip", "seen"]));
  return { ...Object.fromEntries(tried), "node2 > its pod": fromNode, whenDown, forwarded: countersOf(listing.stdout) };
}

async function confinement(network: LabNetwork) {
  await network.addPods([{ id: "a", node: "node1", addresses: [podAddress(1, 0, "IPv4")] }]);
  const ask = async (script: string) => (await output(network.run("a", ["sh", "-c", script], {}))).stdout.trim();
  return {
    user: await ask("id -u"),
    status: (await ask("cat /proc/self/status")).match(/^(CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs):.*$/gm),
    root: (await ask("ls -A /; pwd")).split("\n"),
    leaving: await ask(
      "cd ..; pwd; ls -d /root /home /etc /run /sys /work 2>/dev/null; ls -d /proc/1/root/etc 2>/dev/null",
    ),
    writing: await ask("for f in /x /tmp/x /usr/x /dev/x; do (: >$f) 2>/dev/null && echo $f; done"),
    sysctl: await ask("(echo 1 >/proc/sys/net/ipv4/ip_forward) 2>/dev/null && echo written"),
    namespaces: await ask("for n in user net mount; do unshare --$n true 2>/dev/null && echo $n; done"),
    firstPort: await ask("cat /proc/sys/net/ipv4/ip_unprivileged_port_start"),
    devices: await ask("echo gone >/dev/null; head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c"),
    mounts: (await ask("cat /proc/self/mountinfo")).split("\n").map((line) => line.split(" ")[4]),
  };
}

async function processes(network: LabNetwork) {
  await network.addPods([{ id: "a", node: "node1", addresses: [podAddress(1, 0, "IPv4")] }]);
  const talks = network.run("a", ["sh", "-c", 'read line; echo "$line $POD_UID $LD_PRELOAD"; echo bad >&2; exit 7'], {
    POD_UID: "some uid",
    LD_PRELOAD: "",
  });
  talks.stdin.end("hello\n");
  const early = network.run("a", ["sleep", "1000"], {});
  early.kill();
  // The shell starts `sleep` as a process of its own.
  const late = network.run("a", ["sh", "-c", "sleep 1000 & echo up; wait"], {});
  await once(late);
  late.kill();
  const onNode = network.runOnNode("node1", ["cat"]);
  onNode.stdin.end("through");
  return {
    talks: await output(talks),
    early: await early.exited,
    late: await late.exited,
    onNode: await output(onNode),
    // A group is killed after its first process has ended.
    left: (await output(network.runOnNode("node1", ["ps", "-eo", "args="]))).stdout.includes("sleep 1000"),
    byItself: await network.run("a", ["sh", "-c", "kill -TERM $$"], {}).exited,
    noProgram: await network.run("a", ["no-such-program"], {}).exited,
    noPath: await network.run("a", ["/nowhere/program"], {}).exited,
    noPod: await network.run("b", ["true"], {}).exited,
    noNode: await network.runOnNode("node3", ["true"]).exited,
  };
}

async function rules(network: LabNetwork) {
  await network.addPods([
    { id: "a", node: "node1", addresses: [podAddress(1, 0, "IPv4")] },
    { id: "b", node: "node1", addresses: [podAddress(1, 1, "IPv4")] },
  ]);
  const policy = (verdict: string, filler = 0) => {
    const more = Array.from({ length: filler }, (_, i) => `    tcp dport ${i + 1000} counter`).join("\n");
    return `table ip try {}\ndelete table ip try\ntable ip try {\n  chain forward {\n${FORWARD_HOOK} ${verdict};\n${more}\n  }\n}\n`;
  };
  const ask = () => knock(network.run("a", knocking("10.244.1.3"), {}));
  await network.applyRules("node1", policy("policy drop"));
  const dropped = await ask();
  // All of a script or nothing: its first lines would open the way.
  const fault = await network.applyRules("node1", `${policy("policy accept")}tabel\n`).catch((error) => error.message);
  const afterFault = await ask();
  // The last set of rules counts, however long it took to read the one before.
  const sets = [policy("policy drop", 600), policy("policy accept")];
  await Promise.all(sets.map((set) => network.applyRules("node1", set)));
  const opened = await ask();
  const large = await network.applyRules("node1", policy("policy accept", 3000)).then(
    () => "applied",
    (error) => error.code,
  );
  return { dropped, fault: /syntax error/.test(fault), afterFault, opened, large };
}

async function lifetimes(network: LabNetwork) {
  const pod = { node: "node1", addresses: [podAddress(1, 0, "IPv4")] };
  const other = { id: "other", node: "node2", addresses: [podAddress(2, 0, "IPv4")] };
  await network.addPods([{ id: "first", ...pod }, other]);
  // One that left the process group of the pod's first process too.
  const main = network.run("first", ["sh", "-c", "setsid sleep 1000 & echo up; wait"], {});
  await once(main);
  await network.removePods(["first", "unknown"]);
  const ended = await main.exited;
  const stray = (await output(network.runOnNode("node1", ["ps", "-eo", "args="]))).stdout.includes("sleep 1000");
  const removed = await knock(network.run("other", knocking("10.244.1.2"), {}));
  await network.addPods([{ id: "second", ...pod }]);
  const again = await knock(network.run("other", knocking("10.244.1.2"), {}));
  const twice = await network.addPods([{ id: "second", ...pod }]).catch((error) => error.message);
  const noNode = await network.addPods([{ id: "third", ...pod, node: "node9" }]).catch((error) => error.message);
  const outside = await network.addOutside("x", ["203.0.113.1", "10.244.1.9"]).catch((error) => error.code);
  // Half of this batch cannot be wired, so none of it may stay.
  const bad = [
    { ...pod, id: "good" },
    { ...pod, id: "bad", addresses: ["10.244.1.999"] },
  ];
  const half = await network.addPods(bad).then(
    () => "wired",
    () => "refused",
  );
  await network.addPods([{ ...pod, id: "good", addresses: [podAddress(1, 7, "IPv4")] }]);
  return { ended, stray, removed, again, twice, noNode, outside, half };
}

/** 50 pods with a process in each; how long each step took, in milliseconds. */
async function many(network: LabNetwork) {
  const pods = Array.from({ length: 50 }, (_, i) => ({
    id: `pod-${i}`,
    node: nodeName((i % 2) + 1),
    addresses: [podAddress((i % 2) + 1, i, "IPv4")],
  }));
  const wiring = await timed(() => network.addPods(pods));
  const started: LabProcess[] = [];
  const starting = await timed(async () => {
    for (const { id } of pods) started.push(network.run(id, ["sh", "-c", "echo up; exec sleep 1000"], {}));
    await Promise.all(started.map(once));
  });
  const answer = await knock(network.run("pod-0", knocking(podAddress(2, 49, "IPv4")), {}));
  const removing = await timed(() => network.removePods(pods.map(({ id }) => id)));
  const codes = await Promise.all(started.map(({ exited }) => exited));
  return { answer, ended: codes.filter(({ code }) => code === null).length, wiring, starting, removing };
}

const FORWARD_HOOK = "    type filter hook forward priority 0;";

function knocking(address: string): readonly string[] {
  return ["timeout", "0.5", "bash", "-c", `exec 3<>/dev/tcp/${address}/9`];
}

async function knock(process: LabProcess): Promise<string> {
  const { code, stderr } = await output(process);
  if (code === 124) return "silent";
  if (code === 0) return "connected";
  return /refused|unreachable/i.exec(stderr)?.[0].toLowerCase() ?? `${code}: ${stderr}`;
}

async function output(process: LabProcess) {
  process.stdin.end();
  const [exit, stdout, stderr] = await Promise.all([process.exited, text(process.stdout), text(process.stderr)]);
  return { ...exit, stdout, stderr };
}

function once(process: LabProcess): Promise<void> {
  return new Promise((resolve) => process.stdout.once("data", () => resolve()));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return Math.round(performance.now() - began);
}

function countersOf(listing: string): readonly boolean[] {
  return [...listing.matchAll(/packets (\d+)/g)].map(([, packets]) => Number(packets) > 0);
}
