import { afterEach, expect, test } from "vitest";
import type { Card } from "../model/card.ts";
import type { Client } from "./client.ts";
import { keepLink, type Link } from "./link.ts";

const links: Link[] = [];
afterEach(() => {
  for (const link of links.splice(0)) link.stop();
});

const here = { kind: "card" as const, card: { name: "digits" } as Card };
const away = { kind: "away" as const };
const fault = { kind: "problem" as const, status: 500, title: "Broken", detail: "It is." };

/** A client that gives these answers, the last one for ever. */
function follow(answers: Awaited<ReturnType<Client["readCard"]>>[], times: { calmMs?: number } = {}) {
  const states: string[] = [];
  let asked = 0;
  const link = keepLink({
    client: { readCard: async () => answers[Math.min(asked++, answers.length - 1)]! },
    onCard: ({ name }) => states.push(`card ${name}`),
    onState: (state) => states.push(state),
    onProblem: ({ title }) => states.push(`problem ${title}`),
    firstMs: 2,
    longestMs: 8,
    calmMs: 60_000,
    ...times,
  });
  links.push(link);
  return { link, states, asked: () => asked };
}

test("a server that is away is asked again until it is back", async () => {
  const { states } = follow([away, away, here]);
  await expect.poll(() => states).toEqual(["away", "away", "card digits", "here"]);
});

test("a server that is there is asked now and then", async () => {
  const { asked } = follow([here], { calmMs: 3 });
  await expect.poll(asked).toBeGreaterThan(3);
});

test("a server that answers a fault is there, and its words are told", async () => {
  const { states } = follow([fault, here]);
  await expect.poll(() => states).toEqual(["problem Broken", "here", "card digits", "here"]);
});

test("refresh asks at once", async () => {
  const { link, asked } = follow([here]);
  await expect.poll(asked).toBe(1);
  link.refresh();
  await expect.poll(asked).toBe(2);
});
