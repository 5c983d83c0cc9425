import { expect, test } from "vitest";
import { createAuthorizer, RealmUnsafe } from "./authorizer.ts";
import { parseChallenges } from "./challenge.ts";
import type { Credentials } from "./credentials.ts";
import { createTransport } from "./transport.ts";

const ada: Credentials = { kind: "password", username: "ada", password: "correct horse" };

/** Nothing is sent in these tests: `learn` only decides. */
const authorizer = (base: string, credentials: Credentials | undefined) =>
  createAuthorizer(createTransport({ idleMs: 1000, environment: {} }), new URL(base), async () => ({
    credentials,
    source: "tests",
  }));

const learn = (base: string, realm: string, credentials: Credentials | undefined) =>
  authorizer(base, credentials).learn(
    parseChallenges(`Bearer realm="${realm}"`),
    "x",
    ["repository:x:pull"],
    undefined,
  );

test("a login is not sent to a token server in plain HTTP when the registry speaks TLS", async () => {
  await expect(learn("https://registry.example.com/v2/", "http://token.example.com/", ada)).rejects.toThrowError(
    RealmUnsafe,
  );
  expect(await learn("https://registry.example.com/v2/", "http://token.example.com/", undefined)).toBe(true);
  expect(await learn("https://registry.example.com/v2/", "https://token.example.com/", ada)).toBe(true);
  expect(await learn("https://localhost:5001/v2/", "http://127.0.0.1:5002/", ada)).toBe(true);
  expect(await learn("http://registry.lan/v2/", "http://token.lan/", ada)).toBe(true);
});

test.each(["file:///etc/passwd", "https://", ""])(
  "a realm that is no web address (%j) is nothing to try",
  async (realm) => {
    const challenges = parseChallenges(`Bearer realm="${realm}"`);
    const one = authorizer("https://registry.example.com/v2/", ada);
    expect(await one.learn(challenges, "x", [], undefined)).toBe(false);
  },
);

test("of several ways Bearer goes first, and one that nobody knows is no way", async () => {
  const one = authorizer("https://registry.example.com/v2/", ada);
  expect(await one.learn(parseChallenges("Negotiate"), "x", [], undefined)).toBe(false);
  expect(await one.authorize("x", [])).toBeUndefined();
  expect(await one.learn(parseChallenges('Negotiate, Basic realm="x"'), "x", [], undefined)).toBe(true);
  expect(await one.authorize("x", [])).toMatch(/^Basic /);
  const strangers = authorizer("https://registry.example.com/v2/", undefined);
  expect(await strangers.learn(parseChallenges("Basic"), "x", [], undefined)).toBe(false);
});

test("what must not be shown is listed, and names are not among it", async () => {
  const one = authorizer("https://registry.example.com/v2/", ada);
  await one.learn(parseChallenges("Basic"), "x", [], undefined);
  expect(one.secrets()).toEqual(["correct horse", Buffer.from("ada:correct horse").toString("base64")]);
});
