/** Exit codes of the `netproof` command. Where several hold, `bug` wins, then `usage`, `notEnforced`, `failed`, `inconclusive`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  inconclusive: 3,
  notEnforced: 4,
  bug: 70,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
