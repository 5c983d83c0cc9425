import { expect, test, vi } from "vitest";
import { launchChromium } from "../../chromium.ts";

test("a browser that is named but is not there fails the tests, with what to do", async () => {
  vi.stubEnv("CHROMIUM", "/nowhere/chromium");
  try {
    await expect(launchChromium()).rejects.toThrow(/CHROMIUM names \/nowhere\/chromium.*Name the browser's own file/);
  } finally {
    vi.unstubAllEnvs();
  }
});
