/** @file A real Chromium for the tests that look at pages. It is found, or installed where that is possible; a test never passes without it. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { installDebian } from "./debian.ts";

/** Nothing that a browser does of its own accord may reach the network or the machine's graphics. */
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts Chromium; the caller closes it. Throws with the next step where there is none and none can be installed. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium() ?? installChromium(), args: flags, headless: true });
}

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

const usualPlaces = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

function findChromium(): string | undefined {
  const named = process.env["CHROMIUM"];
  if (named !== undefined && named !== "") {
    if (!isExecutable(named))
      throw new Error(`CHROMIUM names ${named}, which is no program that can be run. Name the browser's own file.`);
    return named;
  }
  const folders = new Set(["/usr/bin", "/usr/local/bin", "/snap/bin", ...(process.env["PATH"] ?? "").split(delimiter)]);
  const candidates = [...folders].flatMap((folder) => names.map((name) => join(folder, name)));
  return [...candidates, ...usualPlaces].find(isExecutable);
}

/** Debian's own package, which needs root. */
function installChromium(): string {
  const mend =
    "Install Chromium (on Debian: apt-get install chromium), or name one with the environment variable CHROMIUM.";
  let installed: boolean;
  try {
    installed = installDebian("chromium");
  } catch (error) {
    throw new Error(`Chromium could not be installed. ${mend}`, { cause: error });
  }
  if (!installed) throw new Error(`No Chromium was found. ${mend}`);
  const found = findChromium();
  if (found === undefined) throw new Error(`The package chromium was installed, but no browser came with it. ${mend}`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
