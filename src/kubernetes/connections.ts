import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { ProxyServer } from "./proxy.ts";

const CONNECTIONS = 32;

/** Connections that are kept open, straight to the server or through a proxy. */
export async function keptConnections(server: URL, proxy: ProxyServer | undefined): Promise<HttpAgent | HttpsAgent> {
  const options = { keepAlive: true, maxSockets: CONNECTIONS, maxFreeSockets: CONNECTIONS };
  const isSecure = server.protocol === "https:";
  if (proxy === undefined) return isSecure ? new HttpsAgent(options) : new HttpAgent(options);
  // Loaded late: few have a proxy, and every command would wait for it.
  const { agentThrough } = await import("./proxy-agents.ts");
  return agentThrough(proxy, { ...options, isSecure });
}
