import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");

/** What each room may import: a stage only those to its left; the cluster and the lab only from workflows and the command line. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  snapshot: ["errors"],
  expectation: ["snapshot", "errors"],
  plan: ["expectation", "snapshot", "errors"],
  observation: ["plan", "expectation", "snapshot", "errors"],
  verdict: ["observation", "plan", "expectation", "snapshot", "errors"],
  report: ["verdict", "observation", "plan", "expectation", "snapshot", "errors"],
  kubernetes: ["observation", "plan", "expectation", "snapshot", "errors"],
  lab: ["errors"],
  image: ["errors"],
  cli: ["workflow", "report", "verdict", "observation", "plan", "snapshot", "kubernetes", "lab", "image", "errors"],
  workflow: ["report", "verdict", "observation", "plan", "expectation", "snapshot", "kubernetes", "errors"],
};

/** Rooms that do no I/O, read no clock, no randomness and no environment. */
const PURE = ["errors", "snapshot", "expectation", "plan", "verdict", "report", "image"];
const IMPURE =
  /\b(Date\.now|performance\.now|Math\.random|randomBytes|randomUUID|process\.(env|argv|exit|stdout|stderr)|setTimeout|setInterval|fetch)\b|from "node:(fs|net|http|https|child_process|dgram|tls|dns|os|timers)[/"]|new Date\(\)/;
const MAX_LINES = 400;

interface SourceFile {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files = sourceFiles(SRC).filter(
  ({ path }) => !/\.test\.ts$|\/testing\/|\/stage\/|\/cases\/|test-[a-z-]+\.ts$/.test(path),
);

describe("the rooms of src/", () => {
  it("import only what the table allows", () => {
    const wrong = files.flatMap(({ path, room, imports }) =>
      imports
        .map((target) => roomOf(target))
        .filter((target) => target !== room && !ALLOWED[room]?.includes(target))
        .map((target) => `${relative(SRC, path)} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it("import one another only through index.ts", () => {
    const wrong = files.flatMap(({ path, room, imports }) =>
      imports
        .filter((target) => roomOf(target) !== room && roomOf(target) !== "workflow" && !target.endsWith("/index.ts"))
        .map((target) => `${relative(SRC, path)} imports ${relative(SRC, target)}`),
    );
    expect(wrong).toEqual([]);
  });

  it("have no cycles, types included", () => {
    const byPath = new Map(files.map((file) => [file.path, file]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) {
        cycles.push([...trail.slice(trail.indexOf(path)), path].map((step) => relative(SRC, step)).join(" > "));
        return;
      }
      if (done.has(path)) return;
      for (const target of byPath.get(path)?.imports ?? []) visit(target, [...trail, path]);
      done.add(path);
    };
    for (const { path } of files) visit(path, []);
    expect(cycles).toEqual([]);
  });

  it("keep the lab's enforcement walled off from what is expected", () => {
    const wrong = files
      .filter(({ room }) => room === "lab")
      .flatMap(({ path, imports }) =>
        imports.filter((target) => !["lab", "errors"].includes(roomOf(target))).map(() => path),
      );
    expect(wrong).toEqual([]);
  });

  it("do no I/O where they are pure", () => {
    const wrong = files
      .filter(({ room }) => PURE.includes(room))
      .flatMap(({ path, text }) => {
        const found = IMPURE.exec(withoutComments(text));
        return found === null ? [] : [`${relative(SRC, path)}: ${found[0]}`];
      });
    expect(wrong).toEqual([]);
  });

  it("leave process and console to the command line", () => {
    const wrong = files
      .filter(({ room }) => room !== "cli" && room !== "lab")
      .filter(({ text }) => /\b(process\.(?!versions)\w+|console\.\w+)/.test(withoutComments(text)))
      .map(({ path }) => relative(SRC, path));
    expect(wrong).toEqual([]);
  });

  it("start ip, nft and unshare in the lab only", () => {
    const wrong = files
      .filter(({ room, text }) => room !== "lab" && text.includes("child_process"))
      .map(({ path }) => relative(SRC, path));
    expect(wrong).toEqual([]);
  });

  it("open with what comes in, what goes out and what is not done", () => {
    const rooms = Object.keys(ALLOWED).filter((room) => room !== "workflow");
    const wrong = rooms.filter((room) => !/^(\/\/ .*\n){3,6}/.test(readFileSync(join(SRC, room, "index.ts"), "utf8")));
    expect(wrong).toEqual([]);
  });

  it(`hold no file of more than ${MAX_LINES} lines, and no star exports`, () => {
    const wrong = files
      .filter(({ text }) => text.split("\n").length > MAX_LINES + 1 || /^export \*/m.test(text))
      .map(({ path }) => relative(SRC, path));
    expect(wrong).toEqual([]);
  });
});

function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sourceFiles(path);
    if (!name.endsWith(".ts")) return [];
    const text = readFileSync(path, "utf8");
    const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => match[1] ?? "");
    return [{ path, room: roomOf(path), text, imports: specifiers.map((target) => resolve(dirname(path), target)) }];
  });
}

/** The first folder below src/; a file that lies there itself is a workflow. */
function roomOf(path: string): string {
  const [first = "", ...rest] = relative(SRC, path).split("/");
  return rest.length === 0 ? "workflow" : first;
}

function withoutComments(text: string): string {
  return text
    .replace('import { isIP } from "node:net";', "")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");
}
