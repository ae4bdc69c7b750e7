#!/usr/bin/env node
// The command. In a checkout it builds what is missing or older than its sources, and says so on stderr; the published
// package carries the build. It never installs anything.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  stop(`netproof needs Node.js 20.19 or newer: this is ${process.version}`);
}

const isCheckout = existsSync(join(root, "src"));
const builder = isCheckout ? await import("../scripts/build.mjs") : undefined;
const say = (line) => process.stderr.write(`${line}\n`);

const entry = await attempt(() => builder?.buildProgram(say) ?? join(root, "dist", "main.mjs"));
const { main } = await import(entry);
await main({ agentBinary: (arch) => attempt(() => builder?.buildAgent(arch, say) ?? packagedAgent(arch)) });

function packagedAgent(arch) {
  return join(root, "dist", "agent", `netproof-probe-linux-${arch}`);
}

async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (builder && error instanceof builder.BuildProblem) stop(error.message);
    throw error;
  }
}

function stop(message) {
  process.stderr.write(`${message}\n`);
  process.exit(3);
}
