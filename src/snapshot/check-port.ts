import type { Cursor } from "./cursor.ts";
import { PROTOCOLS } from "./model.ts";
import { portNameObjections, portNumberObjections } from "./name-syntax.ts";
import { checkWord, invalid } from "./object-meta.ts";

/** Admission of one item of `ports` of a NetworkPolicy rule. */
export function checkPortItem(cursor: Cursor): void {
  const fields = cursor.expectFields(["endPort", "port", "protocol"], { hint: 'write "- port: 80"' });
  if (fields === undefined) return;
  if (cursor.isNull) cursor.warn("null is stored as {protocol: TCP}, which allows every TCP port");
  if (fields.protocol) checkWord(fields.protocol, PROTOCOLS);
  const port = fields.port === undefined ? "absent" : checkPort(fields.port);
  if (fields.endPort && port !== undefined) checkEndPort(fields.endPort, port);
}

/** A port number, "named" for a name, undefined for what is neither. */
function checkPort(cursor: Cursor): number | "named" | undefined {
  const port = cursor.expectIntegerOrString();
  if (typeof port === "number") {
    for (const objection of portNumberObjections(port)) invalid(cursor, port, objection);
    return port;
  }
  if (port === undefined) return undefined;
  checkPortName(cursor, port);
  return "named";
}

export function checkPortName(cursor: Cursor, name: string): void {
  const hint = /^\d+$/.test(name) ? `write the number without quotes: ${name}` : undefined;
  for (const objection of portNameObjections(name)) {
    cursor.problem(`Invalid value: ${JSON.stringify(name)}: ${objection}`, { hint });
  }
}

function checkEndPort(cursor: Cursor, port: number | "named" | "absent"): void {
  const endPort = cursor.expectInteger();
  if (endPort === undefined) return;
  if (port === "absent") {
    const hint = 'put the first port of the range into "port"';
    cursor.problem(`Invalid value: ${endPort}: may not be specified when \`port\` is not specified`, { hint });
  } else if (port === "named") {
    invalid(cursor, endPort, "may not be specified when `port` is non-numeric");
  } else {
    // The server names the value of `port` here.
    if (endPort < port) invalid(cursor, port, "must be greater than or equal to `port`");
    for (const objection of portNumberObjections(endPort)) invalid(cursor, endPort, objection);
  }
}
