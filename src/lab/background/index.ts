// Labs that outlive the command that started them.
// In: the program to start anew, and its command line. Out: a process in a session of its own, and its first line.
// Not here: what that process does, and where it is written down that it runs.
export { endProcess, identify, isAlive, type ProcessId } from "./process-id.ts";
export { type Started, startDetached } from "./start-detached.ts";
