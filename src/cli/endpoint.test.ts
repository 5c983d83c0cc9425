import { expect, test } from "vitest";
import { splitLogin } from "./endpoint.ts";

test.each([
  ["http://127.0.0.1:5000/predict", "http://127.0.0.1:5000/predict", undefined],
  ["https://ada:gä%40:2@models.example.com/v1", "https://models.example.com/v1", "ada:gä@:2"],
  ["http://ada@[::1]:5000", "http://[::1]:5000", "ada:"],
])("%s is asked and shown without its login", (given, url, login) => {
  const authorization = login === undefined ? undefined : `Basic ${Buffer.from(login).toString("base64")}`;
  expect(splitLogin(given)).toEqual({ url, headers: authorization === undefined ? {} : { authorization } });
});
