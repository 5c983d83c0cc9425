/** @file The networks that training is timed on. The first is the digits example's; the others keep the fast path honest on what it was not made for. */
import type { Layer } from "../src/model/layers.ts";
import { averagePool, batchNorm, conv, dense, dropout, flatten, maxPool, relu } from "../src/model/layers.ts";

export interface Network {
  name: string;
  channels: 1 | 3;
  height: number;
  width: number;
  layers: readonly Layer[];
  /** Rows of an epoch. */
  rows: number;
}

export const networks: readonly Network[] = [
  {
    name: "digits",
    channels: 1,
    height: 28,
    width: 28,
    rows: 4000,
    layers: [
      conv(32, 3),
      relu(),
      conv(64, 3),
      relu(),
      maxPool(2),
      dropout(0.25),
      flatten(),
      dense(128),
      relu(),
      dropout(0.5),
      dense(10),
    ],
  },
  {
    name: "five",
    channels: 1,
    height: 28,
    width: 28,
    rows: 4000,
    layers: [
      conv(32, 5),
      relu(),
      maxPool(2),
      conv(64, 5),
      relu(),
      maxPool(2),
      flatten(),
      dense(128),
      relu(),
      dense(10),
    ],
  },
  {
    name: "strided",
    channels: 1,
    height: 28,
    width: 28,
    rows: 4000,
    layers: [
      conv(32, 3, { stride: 2, padding: 1 }),
      batchNorm(),
      relu(),
      conv(64, 3, { stride: 2, padding: 1 }),
      batchNorm(),
      relu(),
      averagePool(7),
      flatten(),
      dense(10),
    ],
  },
  {
    name: "colour",
    channels: 3,
    height: 32,
    width: 32,
    rows: 1024,
    layers: [
      conv(32, 3, { padding: 1 }),
      relu(),
      conv(32, 3, { padding: 1 }),
      relu(),
      maxPool(2),
      conv(64, 3, { padding: 1 }),
      relu(),
      conv(64, 3, { padding: 1 }),
      relu(),
      maxPool(2),
      flatten(),
      dense(256),
      relu(),
      dropout(0.5),
      dense(10),
    ],
  },
];
