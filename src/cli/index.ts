// In: the command line, the terminal, the environment.
// Out: one workflow run, its report on stdout, an exit code.
// Not here: any logic of a workflow; a command parses, calls, renders.
export { main } from "./main.ts";
