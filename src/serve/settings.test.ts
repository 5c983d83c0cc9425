import { describe, expect, test } from "vitest";
import { settingInvalid } from "./errors.ts";
import { readSettings } from "./settings.ts";

const needed = { SLIPWAY_APP: "/app.mjs", SLIPWAY_STORE: "/store" };

describe("settings", () => {
  test("have defaults for all but the project and the store", () => {
    expect(readSettings(needed)).toEqual({
      app: "/app.mjs",
      place: { store: "/store", registry: undefined, cache: undefined },
      follow: undefined,
      model: undefined,
      controlToken: undefined,
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
    const blank = { PORT: "", HOST: "", SLIPWAY_MODEL: "", SLIPWAY_LOG: "", SLIPWAY_REGISTRY: "", SLIPWAY_FOLLOW: "" };
    expect(readSettings({ ...needed, ...blank })).toEqual(readSettings(needed));
  });

  test("models come from a registry, and an alias is followed", () => {
    const env = {
      SLIPWAY_REGISTRY: "10.89.0.1:5001/models",
      SLIPWAY_REGISTRY_INSECURE: "1",
      SLIPWAY_CACHE: "/cache",
      SLIPWAY_FOLLOW: "digits",
    };
    expect(readSettings({ ...needed, ...env })).toMatchObject({
      place: { registry: { prefix: "10.89.0.1:5001/models", insecure: true }, cache: "/cache" },
      follow: { alias: "digits", everySeconds: 10 },
    });
  });

  test.each([
    [{ PORT: "65536" }, 'PORT is "65536"; wanted a whole number from 0 to 65535'],
    [{ PORT: "5e3" }, 'PORT is "5e3"'],
    [{ PORT: "tcp://10.0.0.1:5000" }, 'PORT is "tcp://10.0.0.1:5000"'],
    [{ SLIPWAY_THREADS: "0" }, "SLIPWAY_THREADS"],
    [{ SLIPWAY_LOG: "loud" }, 'SLIPWAY_LOG is "loud"; wanted fatal, error'],
    [{ SLIPWAY_REGISTRY: "-" }, 'SLIPWAY_REGISTRY is "-"; wanted a registry'],
    [{ SLIPWAY_FOLLOW: "digits@sha256:abcd" }, 'SLIPWAY_FOLLOW is "digits@sha256:abcd"; wanted a name and an alias'],
    [{ SLIPWAY_FOLLOW: "Digits:x" }, 'SLIPWAY_FOLLOW is "Digits:x"'],
    [{ SLIPWAY_FOLLOW_SECONDS: "0.5" }, 'SLIPWAY_FOLLOW_SECONDS is "0.5"; wanted a whole number from 1 to 86400'],
  ])("%o is refused", (env, message) => {
    expect(() => readSettings({ ...needed, ...env })).toThrow(
      expect.objectContaining({
        code: settingInvalid.code,
        message: expect.stringContaining(message) as string,
      }) as Error,
    );
  });
});
