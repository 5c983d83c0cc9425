/** @file A port for servers that must be told one. */
import { findFreePort } from "../src/deploy/local/port.ts";

/**
 * A free one below the range from which systems give connections their own ends (Linux: 32768 on). What port 0 gives, and what lies near it, can be
 * taken between looking and listening by any connection of another test; these only by somebody who names them.
 */
export async function findQuietPort(): Promise<number> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const port = await findFreePort(15_000 + Math.floor(Math.random() * 14_000), "127.0.0.1");
    if (port !== undefined) return port;
  }
  throw new Error("two hundred ports that were looked at are all taken");
}
