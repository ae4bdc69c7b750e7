import { randomBytes } from "node:crypto";
import { access, constants, readlink, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { UserError } from "../errors/index.ts";
import { type RunRecord, renderJson, renderJunit, renderJunitFailure, renderText } from "../report/index.ts";

const FORMATS = ["text", "json", "junit"] as const;
type Format = (typeof FORMATS)[number];

/** A report that is to be written into a file. */
export interface ReportFile {
  readonly format: Format;
  readonly path: string;
}

/** Reads `FORMAT=FILE`. */
export function parseReport(value: string, previous: readonly ReportFile[] = []): readonly ReportFile[] {
  const [, name = "", path = ""] = /^(\w+)=(.+)$/.exec(value) ?? [];
  const format = FORMATS.find((known) => known === name);
  if (format === undefined) throw new InvalidArgumentError(`Write FORMAT=FILE; the formats are ${FORMATS.join(", ")}.`);
  return [...previous, { format, path }];
}

/** Before anything is made: a report that cannot be written would be missed at the end. Throws a UserError. */
export async function checkReports(files: readonly ReportFile[]): Promise<void> {
  const paths = files.map(({ path }) => resolve(path));
  const twice = files.find((_, index) => paths.indexOf(paths[index] ?? "") !== index);
  if (twice !== undefined) {
    throw new UserError("REPORT_TWICE", `Two reports cannot be written into one file: "${twice.path}"`, {
      hint: "Name another file for one of them",
      kind: "usage",
    });
  }
  for (const { path } of files) {
    if ((await stat(path).catch(() => undefined))?.isDirectory()) {
      throw unwritable(path, new Error("it is a folder"), "usage");
    }
    await access(dirname(resolve(path)), constants.W_OK).catch((cause: unknown) => {
      throw unwritable(path, cause, "usage");
    });
  }
}

export async function writeReports(files: readonly ReportFile[], record: RunRecord): Promise<void> {
  await Promise.all(files.map(({ format, path }) => write(path, RENDERERS[format](record))));
}

/** For a run without a record: the pipeline that waits for a JUnit file finds one, which errs, and no report of an earlier run. */
export async function writeFailure(files: readonly ReportFile[], message: string, time: string): Promise<void> {
  await Promise.all(
    files.map(async ({ format, path }) => {
      if (format === "junit") await write(path, [renderJunitFailure(message, { time })]);
      else await remove(path);
    }),
  );
}

const PLAIN = { good: same, bad: same, unsure: same, heading: same };
const RENDERERS = {
  text: (record) => renderText(record, { width: 100, paint: PLAIN }),
  json: renderJson,
  junit: (record) => [renderJunit(record)],
} as const satisfies Record<Format, (record: RunRecord) => Iterable<string>>;

/** A file, or nothing yet: no pipe and no terminal. */
async function isReplaceable(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined || found.isFile();
}

async function remove(path: string): Promise<void> {
  if (await isReplaceable(path)) await rm(await followed(path), { force: true });
}

/** A link stays a link, also where nothing is at its end. */
async function followed(path: string): Promise<string> {
  return realpath(path).catch(() =>
    readlink(path).then(
      (target) => resolve(dirname(path), target),
      () => path,
    ),
  );
}

/** Beside its place first, and renamed when it is whole: nobody ever reads half of it. */
async function write(link: string, chunks: Iterable<string>): Promise<void> {
  const path = await followed(link);
  if (!(await isReplaceable(path))) return writeThrough(path, chunks);
  const temporary = join(dirname(path), `.netproof-${randomBytes(4).toString("hex")}`);
  try {
    await writeFile(temporary, chunks);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw unwritable(path, cause, "environment");
  }
}

async function writeThrough(path: string, chunks: Iterable<string>): Promise<void> {
  await writeFile(path, chunks).catch((cause: unknown) => {
    throw unwritable(path, cause, "environment");
  });
}

function unwritable(path: string, cause: unknown, kind: "usage" | "environment"): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError("REPORT_UNWRITABLE", `Cannot write the report "${path}": ${reason}`, {
    hint: "Name a file in a folder that exists and may be written to",
    cause,
    kind,
  });
}

function same(text: string): string {
  return text;
}
