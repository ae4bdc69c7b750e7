import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTROLLER, type ImageContents, PROBE } from "./index.ts";

const ROOT = resolve(import.meta.dirname, "../..");

const IMAGES: readonly { name: string; file: string; contents: ImageContents; copies: readonly string[] }[] = [
  {
    name: "the probe image",
    file: "probe-image/Dockerfile",
    contents: PROBE,
    copies: PROBE.layers.flatMap(({ filesFor }) => filesFor("amd64").map(({ path }) => `/${path} /${path}`)),
  },
  {
    name: "the controller",
    file: "Dockerfile",
    contents: CONTROLLER,
    copies: CONTROLLER.layers.map(({ name }) => `/image/${name}/ /`),
  },
];

describe.each(IMAGES)("the Dockerfile of $name", ({ file, contents, copies }) => {
  const [base, ...steps] = lastStage(readFileSync(resolve(ROOT, file), "utf8"));
  const valuesOf = (word: string): string[] =>
    steps.filter((step) => step.startsWith(`${word} `)).map((step) => step.slice(word.length + 1));

  it("holds the files of the list and nothing else", () => {
    expect(base).toBe("FROM scratch");
    expect(valuesOf("COPY").map((value) => value.replace("--from=build ", ""))).toEqual(copies);
    expect(valuesOf("ADD")).toEqual([]);
  });

  it("runs as the list says", () => {
    expect(valuesOf("USER")).toEqual([contents.user]);
    expect(valuesOf("ENV")).toEqual(Object.entries(contents.env).map(([name, value]) => `${name}=${value}`));
    expect(valuesOf("ENTRYPOINT").map((value) => JSON.parse(value))).toEqual([contents.entrypoint]);
    expect(valuesOf("CMD").map((value) => JSON.parse(value))).toEqual([contents.command]);
    expect(valuesOf("WORKDIR")).toEqual([]);
  });

  it("runs as a user who is not root, told by a number", () => {
    expect(contents.user).toMatch(/^[1-9]\d*$/);
  });
});

/** The instructions from the last FROM on, one a line. */
function lastStage(text: string): string[] {
  const lines = text.replaceAll("\\\n", " ").split("\n");
  const steps = lines.filter((line) => line.trim() !== "" && !line.startsWith("#"));
  return steps.slice(steps.findLastIndex((step) => step.startsWith("FROM ")));
}
