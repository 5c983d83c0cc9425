import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { findFreePort, findHolder, requireFreePort } from "./port.ts";

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function hold(): Promise<number> {
  const server = createServer();
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

test("a held port is refused, with its holder and a port that is free", async () => {
  const port = await hold();
  const error: unknown = await requireFreePort(port, "127.0.0.1").catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "SLIPWAY_DEPLOY_PORT_IN_USE", exit: 5 });
  const { free } = (error as { details: { free: number } }).details;
  expect(free).toBeGreaterThan(port);
  await requireFreePort(free, "127.0.0.1");
});

test.runIf(process.platform === "linux")("the holder is named by its program and process number", async () => {
  expect(findHolder(await hold())).toMatch(new RegExp(`^node.* \\(pid ${process.pid}\\)$`));
});

test("any port is free when none is asked for", async () => {
  await expect(requireFreePort(0, "127.0.0.1")).resolves.toBe(undefined);
});

test("no port is found past the last one", async () => {
  expect(await findFreePort(65_536, "127.0.0.1")).toBe(undefined);
});
