// docs/semantics.md, sentence by sentence: what each means for connections, by two readings that share no code.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { UserError } from "../src/errors/index.ts";
import { parseManifests } from "../src/snapshot/index.ts";
import { answersOf, writtenAnswers } from "./semantics/answers.ts";
import { ADDRESSES_OF_PEERS } from "./semantics/ip-blocks.ts";
import { LEFT_OPEN } from "./semantics/left-open.ts";
import { PEERS } from "./semantics/peers.ts";
import { PORTS } from "./semantics/ports.ts";
import { SELECTION_AND_ISOLATION } from "./semantics/selection.ts";
import type { Check, ConnectionsCheck, Sentence } from "./semantics/sentence.ts";

const HEADINGS: Readonly<Record<string, readonly Sentence[]>> = {
  "Selection and isolation": SELECTION_AND_ISOLATION,
  Peers: [...PEERS, ...ADDRESSES_OF_PEERS],
  Ports: PORTS,
  "Left open by the API (`unspecified`)": LEFT_OPEN,
};

describe.each(Object.entries(HEADINGS))("%s", (_, sentences) => {
  for (const { title, checks } of sentences) test(title, () => checks.forEach(expectHolds));
});

test("docs/semantics.md has the same sentences in the same order", () => {
  const titles = Object.entries(HEADINGS).map(([heading, sentences]) => [heading, sentences.map(({ title }) => title)]);
  expect(sentencesOf(textOf("docs/semantics.md"))).toEqual(titles);
});

test("every sentence about connections has some that are allowed and some that are not", () => {
  const oneSided = Object.values(HEADINGS)
    .flat()
    .filter(({ checks }) => {
      const connections = checks.filter((check): check is ConnectionsCheck => check.kind === "connections");
      const has = (side: "allow" | "deny") => connections.some((check) => check[side].length > 0);
      return connections.length > 0 && !(has("allow") && has("deny"));
    });
  expect(oneSided).toEqual([]);
});

function expectHolds(check: Check): void {
  switch (check.kind) {
    case "connections": {
      const written = writtenAnswers(check);
      const manifests = check.manifests.join("\n---\n");
      expect(answersOf(check), manifests).toEqual({ engine: written, literal: written });
      break;
    }
    case "refused":
      expect(problemsOf(check.manifest), check.manifest).toEqual(check.problems);
      break;
    case "shown":
      expect(textOf(check.file)).toContain(`"${check.by}"`);
      break;
    case "promised":
      check.check();
  }
}

function problemsOf(manifest: string): readonly string[] {
  try {
    parseManifests([{ name: "p.yaml", text: manifest }], { defaultNamespace: "default" });
  } catch (error) {
    if (error instanceof UserError) return error.message.split("\n");
    throw error;
  }
  return [];
}

/** The headings of a page with the first cells of their tables. */
function sentencesOf(page: string): readonly (readonly [heading: string, sentences: readonly string[]])[] {
  const [, ...sections] = page.split(/^## /m);
  return sections.flatMap((section) => {
    const [heading = "", ...lines] = section.split("\n");
    const [, ...rows] = lines.filter((line) => line.startsWith("| "));
    const sentences = rows.map((row) => row.slice(2, row.indexOf(" | ")));
    return sentences.length === 0 ? [] : [[heading, sentences] as const];
  });
}

function textOf(file: string): string {
  return readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
}
