// Writes what the lab knows of the types of the Kubernetes API (src/lab/api/schemas/): the OpenAPI schemas of its kinds, as
// a genuine API server publishes them, and the numbers of their fields in protobuf. Needs kubectl with a cluster of the
// wanted version, and Go, which fetches the sources of that version.
//
//   node scripts/record-api-schemas.mjs v0.36.3
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [version] = process.argv.slice(2);
if (!/^v0\.\d+\.\d+$/.test(version ?? "")) {
  console.error("Name the version of the Go modules: node scripts/record-api-schemas.mjs v0.36.3");
  process.exit(2);
}

/** The kinds of the lab, and what clients send beside them. */
const ROOTS = {
  "api/v1": ["ConfigMap", "Event", "Namespace", "Node", "Pod", "ResourceQuota", "Service", "ServiceAccount"],
  "apis/authorization.k8s.io/v1": ["SelfSubjectAccessReview"],
  "apis/batch/v1": ["Job"],
  "apis/discovery.k8s.io/v1": ["EndpointSlice"],
  "apis/networking.k8s.io/v1": ["NetworkPolicy"],
};
const OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
const MODULES = [
  { prefix: "io.k8s.api.", module: "k8s.io/api" },
  { prefix: "io.k8s.apimachinery.", module: "k8s.io/apimachinery" },
];

const schemas = {};
for (const [path, kinds] of Object.entries(ROOTS)) {
  const all = JSON.parse(kubectl("get", "--raw", `/openapi/v3/${path}`)).components.schemas;
  const isRoot = (schema) =>
    (schema["x-kubernetes-group-version-kind"] ?? []).some(
      ({ group, version: of, kind }) =>
        kinds.includes(kind) && path === (group === "" ? `api/${of}` : `apis/${group}/${of}`),
    );
  for (const [name, schema] of Object.entries(all)) if (isRoot(schema)) collect(name, all);
  collect(OPTIONS, all);
}
writeLines("schemas.json", schemas);
writeLines("field-numbers.json", readFieldNumbers());

function kubectl(...args) {
  return execFileSync("kubectl", args, { encoding: "utf8", maxBuffer: 1 << 26 });
}

function collect(name, all) {
  if (name in schemas) return;
  schemas[name] = all[name];
  for (const [, inner] of JSON.stringify(all[name]).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) collect(inner, all);
}

/**
 * For each message its fields in the order of their numbers; "" where a number is free. `*` behind a name: a scalar behind
 * a pointer, whose zero means something. `<` before it: a message whose fields lie in the JSON of the outer one.
 */
function readFieldNumbers() {
  const numbers = {};
  const wanted = Object.keys(schemas);
  for (let name = wanted.shift(); name !== undefined; name = wanted.shift()) {
    const message = readMessage(name);
    if (name in numbers || message === undefined) continue;
    const { fields, inline } = message;
    numbers[name] = fields;
    wanted.push(...inline);
  }
  return numbers;
}

function readMessage(name) {
  // Texts and times, which the decoder knows by name.
  if (name in schemas && schemas[name].properties === undefined) return undefined;
  const at = MODULES.find(({ prefix }) => name.startsWith(prefix));
  const parts = name.slice(at.prefix.length).split(".");
  const type = parts.pop();
  const folder = join(moduleFolder(at.module), ...parts);
  const block = new RegExp(`^message ${type} \\{\\n([\\s\\S]*?)^\\}`, "m").exec(read(join(folder, "generated.proto")));
  if (block === null) return undefined;
  const properties = schemas[name]?.properties;
  const fields = [];
  const inline = [];
  for (const [, typeName, field, number] of block[1].matchAll(
    /^ {2}(?:optional |repeated )?([\w.<>, ]+?) (\w+) = (\d+);/gm,
  )) {
    const isInline = properties !== undefined && !(field in properties);
    if (isInline && !/^\.?[A-Z]\w*$/.test(typeName)) continue; // a field that JSON does not have any more
    const inner = `${name.slice(0, -type.length)}${typeName}`;
    if (isInline) inline.push(inner);
    fields[Number(number) - 1] = isInline ? `<${inner}` : `${field}${isPointer(folder, type, field) ? "*" : ""}`;
  }
  return { fields: Array.from(fields, (field) => field ?? ""), inline };
}

function isPointer(folder, type, field) {
  const source = read(join(folder, "types.go"));
  const block = new RegExp(`^type ${type} struct \\{\\n([\\s\\S]*?)^\\}`, "m").exec(source);
  return new RegExp(`\\s\\*(string|bool|int\\d*|[A-Z]\\w*)\\s+\`json:"${field}[,"]`).test(block?.[1] ?? "");
}

function moduleFolder(module) {
  const { Dir } = JSON.parse(
    execFileSync("go", ["mod", "download", "-json", `${module}@${version}`], { encoding: "utf8" }),
  );
  return Dir;
}

function read(path) {
  return readFileSync(path, "utf8");
}

/** One entry a line, in the order of their names, so that a difference can be read. */
function writeLines(file, entries) {
  const names = Object.keys(entries).sort();
  const lines = names.map((name) => `${JSON.stringify(name)}: ${JSON.stringify(entries[name])}`);
  writeFileSync(
    join(fileURLToPath(import.meta.url), "../../src/lab/api/schemas", file),
    `{\n${lines.join(",\n")}\n}\n`,
  );
}
