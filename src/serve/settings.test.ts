import { describe, expect, test } from "vitest";
import { settingInvalid } from "./errors.ts";
import { readSettings } from "./settings.ts";

const needed = { SLIPWAY_APP: "/app.mjs", SLIPWAY_STORE: "/store" };

describe("settings", () => {
  test("have defaults for all but the project and the store", () => {
    expect(readSettings(needed)).toEqual({
      app: "/app.mjs",
      store: "/store",
      model: undefined,
      host: "127.0.0.1",
      port: undefined,
      log: "warn",
      threads: undefined,
      maxBodyBytes: undefined,
      drainDelayMs: 0,
      drainDeadlineMs: 25_000,
      announce: false,
      withParent: false,
    });
  });

  test("an empty variable counts as missing, as in a manifest that leaves it blank", () => {
    expect(readSettings({ ...needed, PORT: "", HOST: "", SLIPWAY_MODEL: "", SLIPWAY_LOG: "" })).toEqual(
      readSettings(needed),
    );
  });

  test.each([
    [{ PORT: "65536" }, 'PORT is "65536"; wanted a whole number from 0 to 65535'],
    [{ PORT: "5e3" }, 'PORT is "5e3"'],
    [{ PORT: "tcp://10.0.0.1:5000" }, 'PORT is "tcp://10.0.0.1:5000"'],
    [{ SLIPWAY_THREADS: "0" }, "SLIPWAY_THREADS"],
    [{ SLIPWAY_LOG: "loud" }, 'SLIPWAY_LOG is "loud"; wanted fatal, error'],
    [{ SLIPWAY_STORE: "" }, "SLIPWAY_STORE"],
  ])("%o is refused", (env, message) => {
    expect(() => readSettings({ ...needed, ...env })).toThrow(
      expect.objectContaining({
        code: settingInvalid.code,
        message: expect.stringContaining(message) as string,
      }) as Error,
    );
  });
});
