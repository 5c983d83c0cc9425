import { hostname, userInfo } from "node:os";

/** Account and machine: `ada@laptop`. */
export function whoAmI(): string {
  return `${nameOfUser()}@${hostname()}`;
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user id need not have an entry in its passwd file.
    return String(process.getuid?.() ?? "unknown");
  }
}
