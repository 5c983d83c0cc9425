import type { ProgressEvent, Report } from "../../base/progress.ts";

/** Progress as lines, for `--verbose` where no terminal is: for people one for each new label, as JSON all of them. */
export function findPlainReport(stream: { write(text: string): unknown }, json: boolean): Report {
  if (json) return (event) => stream.write(`${JSON.stringify(event)}\n`);
  let last = "";
  return (event) => {
    const key = `${event.step} ${event.label}`;
    const finished = event.done !== undefined && event.done === event.total;
    if (key === last && !finished) return;
    last = finished ? "" : key;
    stream.write(`${describe(event)}\n`);
  };
}

function describe({ step, label, done, total, figures }: ProgressEvent): string {
  const count = done === undefined ? "" : ` ${done}${total === undefined ? "" : `/${total}`}`;
  const shown = Object.entries(figures ?? {}).map(([name, value]) => `${name} ${value}`);
  return [`${step}: ${label}${count}`, ...shown].join(" · ");
}
