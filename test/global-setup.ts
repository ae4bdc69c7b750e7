/** Tests run the program and the agent as they are now. */
export async function setup(): Promise<void> {
  // @ts-expect-error: the build script is plain JavaScript.
  const { buildAgent, buildProgram } = await import("../scripts/build.mjs");
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  await buildProgram(say);
  await buildAgent(process.arch === "arm64" ? "arm64" : "amd64", say);
}
