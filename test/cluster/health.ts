import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import type { Health } from "./process.ts";

const patienceMs = 2000;

/** One look, by a connection of its own. */
export function isHealthy(health: Health): Promise<boolean> {
  if (health.kind === "running") return Promise.resolve(true);
  if (health.kind === "socket") return canConnect({ path: health.path });
  if (health.kind === "tcp") return canConnect({ host: health.host, port: health.port });
  return answers(health);
}

function answers(health: Health & { url: string }): Promise<boolean> {
  const tls =
    health.kind === "https"
      ? {
          rejectUnauthorized: false,
          ...(health.certificate !== undefined && { cert: readFileSync(health.certificate) }),
          ...(health.key !== undefined && { key: readFileSync(health.key) }),
        }
      : {};
  return new Promise((resolve) => {
    const send = health.kind === "https" ? httpsRequest : httpRequest;
    const request = send(health.url, { agent: false, timeout: patienceMs, ...tls }, (response) => {
      response.resume();
      response.once("close", () => resolve(response.statusCode === 200));
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(false));
    request.once("close", () => resolve(false));
    request.end();
  });
}

function canConnect(to: { path: string } | { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...to, timeout: patienceMs });
    const end = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}
