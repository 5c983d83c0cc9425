import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { formOf, markedImage } from "../../../src/serve/_fixture.ts";
import { startLoad } from "./_load.ts";
import { startProcess } from "./_process.ts";

describe("a stop", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "by %s under load answers everything that was sent, then exits with 0",
    async (signal) => {
      const server = await startProcess();
      const load = startLoad(server.port, 64, () => 0);
      await delay(400);
      server.child.kill(signal);
      const tally = await load.ended();
      expect(tally.lost).toEqual([]);
      expect(tally.wrong).toEqual([]);
      expect(tally.answered).toBeGreaterThan(64);
      expect(await server.exited).toBe(0);
      expect(server.log()).toBe("");
    },
  );

  test("says not ready first and keeps answering through the drain delay", async () => {
    const server = await startProcess({ SLIPWAY_DRAIN_DELAY_MS: "600" });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    server.child.kill("SIGTERM");
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(503);
    const form = new FormData();
    form.append("file", new Blob([Buffer.from(markedImage(4))]));
    const answer = await fetch(`${server.url}/predict`, { method: "POST", body: form });
    expect(await answer.json()).toEqual({ prediction: 4 });
    expect(await server.exited).toBe(0);
  });

  test("tells callers that keep connections to go before it closes its door", async () => {
    const server = await startProcess({ SLIPWAY_DRAIN_DELAY_MS: "12000" });
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const ask = async (): Promise<string> => {
      const [answer] = (await once(get(`${server.url}/healthz`, { agent }), "response")) as [IncomingMessage];
      answer.resume();
      await once(answer, "end");
      return `${answer.statusCode} ${answer.headers.connection}`;
    };
    expect(await ask()).toBe("200 keep-alive");
    server.child.kill("SIGTERM");
    // Not at once: who sends calls has to hear first that it goes.
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(503);
    expect(await ask()).toBe("200 keep-alive");
    await expect.poll(ask).toBe("200 close");
    expect(await ask()).toBe("200 close");
    server.child.kill("SIGTERM");
    expect(await server.exited).toBe(130);
  });

  test("waits for an upload that has begun", async () => {
    const server = await startProcess();
    const body = formOf("file", markedImage(8));
    const socket = connect(server.port, "127.0.0.1");
    let text = "";
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.write(
      `POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=----b0undary\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    socket.write(body.subarray(0, 100));
    await expect
      .poll(async () => (await fetch(`${server.url}/metrics`)).text())
      .toMatch(/slipway_in_flight_requests 1\n/);
    server.child.kill("SIGTERM");
    await delay(500);
    socket.write(body.subarray(100));
    await closed;
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toMatch(/\r\nconnection: close\r\n/i);
    expect(text).toMatch(/\{"prediction":8\}$/);
    expect(await server.exited).toBe(0);
  });

  test("cuts what is left at the deadline, and at once on a second signal", async () => {
    const hanging = (port: number) => {
      const socket = connect(port, "127.0.0.1");
      socket.write(
        "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n",
      );
      socket.on("error", () => {
        // Being cut is what is expected of it.
      });
      return new Promise((resolve) => socket.on("connect", resolve));
    };
    const patient = await startProcess({ SLIPWAY_DRAIN_DEADLINE_MS: "300" });
    await hanging(patient.port);
    patient.child.kill("SIGTERM");
    expect(await patient.exited).toBe(0);
    const forced = await startProcess({ SLIPWAY_DRAIN_DEADLINE_MS: "600000" });
    await hanging(forced.port);
    forced.child.kill("SIGTERM");
    await delay(200);
    forced.child.kill("SIGTERM");
    expect(await forced.exited).toBe(130);
  });
});

describe("a start that cannot be", () => {
  test.each<[string, Record<string, string>, number, string]>([
    ["a bad port", { PORT: "http" }, 2, "SLIPWAY_SERVE_SETTING_INVALID"],
    ["no project", { SLIPWAY_APP: "/nowhere/app.mjs" }, 1, "SLIPWAY_SERVE_APP_INVALID"],
    ["an unknown model", { SLIPWAY_MODEL: "digits:nix" }, 1, "SLIPWAY_ARTIFACT_NOT_FOUND"],
    ["an address of elsewhere", { HOST: "192.0.2.1" }, 1, "SLIPWAY_SERVE_ADDRESS_UNUSABLE"],
  ])("%s ends with its reason in one line", async (_name, env, exit, code) => {
    await expect(startProcess(env)).rejects.toThrow(new RegExp(`ended with ${exit}: .*${code}`));
  });

  test("a taken port is named", async () => {
    const first = await startProcess();
    await expect(startProcess({ PORT: String(first.port) })).rejects.toThrow(
      new RegExp(`SLIPWAY_SERVE_PORT_TAKEN.*127\\.0\\.0\\.1:${first.port}`),
    );
  });
});
