/** @file The audit as one HTML file that needs nothing else: pictures of what is suspected, the surest first. */
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { Suspicion } from "../../data/audit/types.ts";
import { listAlarms } from "./describe.ts";
import { suspicionKinds } from "./kinds.ts";
import type { AuditReport } from "./run.ts";

/** Pictures of one kind that are shown; the others are counted. */
const shown = 400;

/** Pictures are embedded as they lie in the dataset's folder. */
export async function writeAuditPage(report: AuditReport, name: string): Promise<string> {
  const alarms = listAlarms(report);
  const sections = await Promise.all(
    suspicionKinds.map(async ({ kind, title, text }) => {
      const all = report.suspicions.filter((suspicion) => suspicion.kind === kind);
      if (all.length === 0) return "";
      const cards = await Promise.all(all.slice(0, shown).map((suspicion) => writeCard(report, suspicion)));
      const more = all.length > shown ? `<p class="more">and ${all.length - shown} more</p>` : "";
      return `<section><h2>${title} <small>${all.length}</small></h2><p>${text}</p><div class="grid">${cards.join("")}</div>${more}</section>`;
    }),
  );
  const judge =
    report.judge === "champion"
      ? `judged by the champion ${escape(report.champion?.slice(0, 19) ?? "")}…, which was trained on other data`
      : "judged by models that did not see the image they judge; without a champion of other data, a complete exchange of two labels goes unseen";
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Audit of ${escape(name)}</title><style>${style}</style></head><body>
<header><h1>Audit of ${escape(name)}</h1>
<p>${report.count} images, ${report.labels.length} labels · ${escape(report.digest.slice(0, 19))}… · ${judge}.</p>
${
  alarms.length === 0
    ? `<p class="fine">Nothing alarming${report.suspicions.length > 0 ? `; ${report.suspicions.length} single ${report.suspicions.length === 1 ? "doubt" : "doubts"} below` : ""}.</p>`
    : `<ul class="alarms">${alarms.map((alarm) => `<li>${escape(alarm)}</li>`).join("")}</ul>`
}</header>
<main>${sections.join("")}</main></body></html>
`;
}

async function writeCard({ entries, labels, folder }: AuditReport, suspicion: Suspicion): Promise<string> {
  const { row, label, looksLike, margin, copyOf } = suspicion;
  const path = entries[row]?.path ?? "";
  const picture = await embed(folder, path);
  const original = copyOf === undefined ? "" : await embed(folder, entries[copyOf]?.path ?? "");
  const words = `labelled ${labels[label]}, looks like ${labels[looksLike]}`;
  return `<figure>${picture}${original}<figcaption><b>${escape(labels[label] ?? "")}</b> → ${escape(labels[looksLike] ?? "")} <span>${margin.toFixed(2)}</span><br><code title="${escape(words)}">${escape(path)}</code></figcaption></figure>`;
}

async function embed(folder: string, path: string): Promise<string> {
  const type = { ".png": "image/png", ".webp": "image/webp" }[extname(path).toLowerCase()] ?? "image/jpeg";
  try {
    const bytes = await readFile(join(folder, path));
    return `<img alt="${escape(path)}" src="data:${type};base64,${bytes.toString("base64")}">`;
  } catch {
    // Pixels of an IDX file have no file of their own: the path still says which row it is.
    return `<span class="none">no file</span>`;
  }
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

const style = `
:root{color-scheme:light dark;--back:light-dark(#fafaf8,#16181c);--card:light-dark(#fff,#1f2228);--text:light-dark(#1c1e21,#e8e8e4);--soft:light-dark(#5d6168,#a2a6ad);--line:light-dark(#dcdcd6,#33373f);--alarm:light-dark(#a8201a,#ff8f85);--fine:light-dark(#1b6e3c,#7fd6a0)}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--text);font:16px/1.5 system-ui,sans-serif}
header,main{max-width:72rem;margin:0 auto;padding:1rem}h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.15rem;margin:1.5rem 0 .25rem}h2 small{color:var(--soft);font-weight:400}
p{margin:.25rem 0;color:var(--soft)}.alarms{color:var(--alarm);padding-left:1.2rem;font-weight:600}.fine{color:var(--fine);font-weight:600}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:.75rem;margin-top:.75rem}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.6rem;min-width:0}
img{width:3.5rem;height:3.5rem;object-fit:contain;image-rendering:pixelated;background:#000;margin-right:.35rem}
figcaption{font-size:.85rem;margin-top:.35rem}figcaption span{color:var(--soft);float:right}code{font-size:.72rem;color:var(--soft);overflow-wrap:anywhere}.none{color:var(--soft);font-size:.8rem}`;
