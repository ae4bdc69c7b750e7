// Debian packages of any architecture, from where this system's apt gets its own. Of the system nothing is changed: apt
// works with lists and a cache in a folder of its own, and without the hooks of its configuration.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BuildProblem } from "../build.mjs";

const NO_HOOKS = ["APT::Update::Post-Invoke", "APT::Update::Post-Invoke-Success", "DPkg::Post-Invoke"];
const ELSEWHERE =
  "make the image on Debian 12, or with a container engine from the Dockerfile: `docker build --platform linux/amd64,linux/arm64 .`";

/** What apt knows of an architecture (amd64, arm64), read into `folder`, which is there and stays the caller's. */
export function openApt(architecture, folder) {
  const apt = isolatedApt(architecture, folder);
  run("apt-get", [...apt, "update"], {
    otherwise: "Cannot read the lists of Debian packages",
    hint: "check the package sources in /etc/apt and the way to them, and try again",
  });
  return {
    /** Puts `name_version_architecture.deb` of each package into the folder `target`. */
    download(packages, target) {
      run("apt-get", [...apt, "download", ...packages.map(({ name, version }) => `${name}=${version}`)], {
        cwd: target,
        otherwise: `Cannot get Debian packages for ${architecture}`,
        hint:
          "where a version has been replaced by a newer one, `npm run image:pin` pins that; package sources of another release than Debian 12 do not have it, then " +
          ELSEWHERE,
      });
    },
    /** The newest version and its SHA-256. */
    newest(name) {
      const text = run("apt-cache", [...apt, "show", "--no-all-versions", name], {
        otherwise: `Cannot find the Debian package "${name}" for ${architecture}`,
        hint: "check the package sources in /etc/apt",
      });
      const field = (key) => new RegExp(`^${key}: (.+)$`, "m").exec(text)?.[1];
      return { version: field("Version"), sha256: field("SHA256") };
    },
  };
}

/** The content of a package, in a folder. */
export function unpackDebian(file, folder) {
  run("dpkg-deb", ["--extract", file, folder], { otherwise: `Cannot unpack "${file}"`, hint: ELSEWHERE });
}

function isolatedApt(architecture, folder) {
  for (const name of ["state/lists/partial", "cache/archives/partial"]) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  writeFileSync(join(folder, "status"), "");
  const settings = {
    "Dir::State": join(folder, "state"),
    "Dir::State::status": join(folder, "status"),
    "Dir::Cache": join(folder, "cache"),
    "APT::Architecture": architecture,
    "APT::Sandbox::User": "root",
    "APT::Update::Error-Mode": "any",
    "Acquire::Languages": "none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
    "Acquire::Retries": "2",
    "Acquire::http::Timeout": "30",
  };
  const lines = [
    ...NO_HOOKS.map((name) => `#clear ${name};`),
    "#clear APT::Architectures;",
    `APT::Architectures { "${architecture}"; };`,
    ...Object.entries(settings).map(([name, value]) => `${name} "${value}";`),
  ];
  const file = join(folder, "apt.conf");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return ["-qq", "-c", file];
}

function run(command, args, { cwd, otherwise, hint }) {
  try {
    return execFileSync(command, args, {
      cwd,
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    if (error.code === "ENOENT")
      throw new BuildProblem(`${otherwise}: \`${command}\` is not on the PATH\n  ${ELSEWHERE}`);
    throw new BuildProblem(`${otherwise}: ${String(error.stderr ?? error.message).trim()}\n  ${hint}`);
  }
}
