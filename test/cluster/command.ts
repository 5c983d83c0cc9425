import { execFile, spawn } from "node:child_process";

const tailLines = 20;

/** With the folders of system programs, which an ordinary user's PATH lacks. */
export function systemPath(): string {
  return `${process.env["PATH"] ?? "/usr/bin:/bin"}:/usr/sbin:/sbin`;
}

/** Runs a program to its end; gives what it wrote. Throws with its last lines. `input` goes to its standard input. */
export function command(
  program: string,
  args: readonly string[],
  options: { input?: string; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const { env, cwd } = options;
  const child = execFile(
    program,
    args,
    { maxBuffer: 256 << 20, env: { ...process.env, ...env, PATH: systemPath() }, ...(cwd !== undefined && { cwd }) },
    (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const code = (error as NodeJS.ErrnoException).code;
      const said = code === "ENOENT" ? `there is no \`${program}\` on this machine` : lastLines(`${stdout}\n${stderr}`);
      reject(
        new Error(`\`${[program, ...args].join(" ")}\` failed (${error.signal ?? code}):\n${said}`, { cause: error }),
      );
    },
  );
  // A program that ends before it has read everything is judged by its exit code.
  child.stdin?.on("error", () => {});
  child.stdin?.end(options.input ?? "");
  return promise;
}

/** True where it ended with 0. */
export function succeeds(program: string, ...args: string[]): Promise<boolean> {
  const child = spawn(program, args, { stdio: "ignore", env: { ...process.env, PATH: systemPath() } });
  return new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.once("close", (code) => resolve(code === 0));
  });
}

export function lastLines(text: string, count = tailLines): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
