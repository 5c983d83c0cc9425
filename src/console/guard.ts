/** @file Who may ask. The console listens on loopback, but every page in a browser on this machine can send requests there. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { hostRefused, originRefused } from "./errors.ts";

/** Names that always mean this machine; any other may be a stranger's that was pointed here (DNS rebinding). */
const ownNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Nothing may be framed, sniffed or embedded by another page. */
const headers = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "x-frame-options": "DENY",
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
};

/** Throws `hostRefused` and `originRefused` before anything is done. `url` is where the console wants to be opened. */
export function guard(app: FastifyInstance, url: () => string): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(headers);
    refuseStrangers(request, url());
    done();
  });
}

function refuseStrangers(request: FastifyRequest, url: string): void {
  const host = request.headers.host ?? "";
  if (!ownNames.has(host.replace(/:\d+$/, "").toLowerCase())) throw hostRefused({ seen: host, url });
  const { origin } = request.headers;
  const own = `http://${host}`;
  if (origin !== undefined && origin !== own) throw originRefused({ seen: origin });
  // What changes something must say where it comes from, as browsers do.
  if (!["GET", "HEAD"].includes(request.method) && origin === undefined)
    throw originRefused({ seen: "nowhere (it has no Origin)" });
  // A picture or script that another page embeds has no Origin; current browsers say this much.
  const site = request.headers["sec-fetch-site"];
  const opens = request.headers["sec-fetch-mode"] === "navigate" && request.url.split("?", 1)[0] === "/";
  if (site !== undefined && site !== "same-origin" && site !== "none" && !opens)
    throw originRefused({ seen: `another page (${site})` });
}
