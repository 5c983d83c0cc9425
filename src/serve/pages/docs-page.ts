import type { Artifact } from "../../artifact/types.ts";
import type { Operation } from "../service.ts";
import { listProblems } from "./problems.ts";

/** `GET /docs`: the OpenAPI description for people. One file, no scripts, nothing from elsewhere: it works offline. */
export function renderDocs(
  name: string,
  artifact: Artifact | undefined,
  operations: readonly Operation[],
  maxBodyBytes: number,
): string {
  const model =
    artifact === undefined
      ? ""
      : `Model <code>${escape(artifact.digest)}</code> · <a href="./">playground</a> · <a href="card">card</a> · `;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(name)} · API</title>
<style>${style}</style>
<main>
<h1>${escape(name)}</h1>
<p>${model}<a href="openapi.json">openapi.json</a></p>
${renderGroups(operations, maxBodyBytes)}
<h2 id="problems">Problems</h2>
<p>Errors are <code>application/problem+json</code>: <code>detail</code> says what was seen, <code>wanted</code> what was expected, <code>mend</code> the next step.</p>
<table><thead><tr><th scope="col">Status<th scope="col">Code</thead><tbody>
${listProblems()
  .map(({ code, status }) => `<tr id="${code}"><td>${status}<td><code>${code}</code>`)
  .join("\n")}
</tbody></table>
</main>
</html>
`;
}

function renderGroups(operations: readonly Operation[], maxBodyBytes: number): string {
  const groups = Map.groupBy(operations, ({ group }) => group ?? "Operations");
  return [...groups]
    .map(([title, all]) => {
      const id = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
      return `<h2 id="${id}">${escape(title)}</h2>\n${all.map((one) => renderOperation(one, maxBodyBytes)).join("\n")}`;
    })
    .join("\n");
}

function renderOperation(operation: Operation, maxBodyBytes: number): string {
  const { method, path, summary, field, body, query, answer } = operation;
  const example = answer.example === undefined ? answer.schema : answer.example;
  const shown = answer.contentType.includes("json")
    ? `<pre tabindex="0">${escape(JSON.stringify(example, null, 2))}</pre>`
    : "";
  const upload =
    field === undefined
      ? ""
      : `<p>Body: <code>multipart/form-data</code>, an image file (JPEG, PNG, WebP) in the field <code>${escape(field)}</code>; at most ${maxBodyBytes.toLocaleString("en")} bytes.</p>
<pre tabindex="0">curl -F ${escape(field)}=@image.jpg http://host:port${escape(path)}</pre>`;
  const json =
    body === undefined
      ? ""
      : `<p>Body: <code>${escape(body.contentType)}</code>.</p>${body.example === undefined ? "" : `<pre tabindex="0">${escape(JSON.stringify(body.example, null, 2))}</pre>`}`;
  const asked = Object.entries(query ?? {})
    .map(([key, words]) => `<p><code>?${escape(key)}=</code> ${escape(words)}.</p>`)
    .join("");
  return `<section><h3><span class="method">${escape(method)}</span> <code>${escape(path)}</code></h3>
<p>${escape(summary)}.</p>${upload}${json}${asked}<p>Answers <code>${escape(answer.contentType)}</code>.</p>${shown}</section>`;
}

/** The playground's colours and type. */
const style = `
:root{color-scheme:light dark;--ink:#13253c;--quiet:#4c5a6c;--paper:#f3efe5;--panel:#fbf9f3;--line:#d9d1bf;--mark:#ad3618}
@media (prefers-color-scheme:dark){:root{--ink:#ece5d6;--quiet:#a6b3c1;--paper:#0a1420;--panel:#0f1c2b;--line:#22344a;--mark:#f0a765}}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:50rem;margin:0 auto;padding:2rem 1rem 4rem}
h1,h2{font-family:"Iowan Old Style","Palatino Linotype",Palatino,Georgia,serif;font-weight:400;line-height:1.2}
h1{margin:0;font-size:2.25rem}h2{margin:2rem 0 .75rem;font-size:1.5rem}
a{color:inherit;text-underline-offset:.2em}:focus-visible{outline:2px solid var(--mark);outline-offset:2px}
code,pre{font:.875em/1.5 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
pre{background:var(--panel);border-left:3px solid var(--quiet);margin:.5rem 0;padding:.625rem .875rem;overflow:auto}
section{border-top:1px solid var(--line);padding:.5rem 0}h3{margin:.5rem 0;font-weight:400}p{margin:.5rem 0}
.method{color:var(--mark);font-weight:600}table{border-collapse:collapse}th,td{text-align:left;padding:.25rem 1rem .25rem 0}
th{color:var(--quiet);font-size:.8125rem;font-weight:600}td{border-top:1px solid var(--line)}
tr:target{background:var(--panel);outline:2px solid var(--mark)}
`;

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
