import { defineError, exitCodes } from "../base/errors.ts";

export const contractInvalid = defineError<{ path: string; faults: readonly string[] }>("SLIPWAY_TESTING_CONTRACT", {
  message: ({ path, faults }) =>
    faults.length === 1
      ? `${path}: ${faults[0]}`
      : `${path} has ${faults.length} faults:\n${faults.map((fault) => `  ${fault}`).join("\n")}`,
  mend: () => "Correct the contract; docs/guides/contracts.md shows every field of one.",
  exit: exitCodes.usage,
});

export const contractBroken = defineError<{ url: string; broken: number; requests: number; kinds: readonly string[] }>(
  "SLIPWAY_TESTING_CONTRACT_BROKEN",
  {
    message: ({ url, broken, requests, kinds }) =>
      `${broken} of ${requests} answers of ${url} break the contract: ${kinds.join(", ")}`,
    mend: () =>
      "The report above shows the first answer of each kind; correct the endpoint, or the contract's targets.",
    exit: exitCodes.gate,
  },
);

export const contractNoEndpoint = defineError<{ url: string; tried: readonly string[] }>(
  "SLIPWAY_TESTING_CONTRACT_NO_ENDPOINT",
  {
    message: ({ url, tried }) => `${url} takes no Seldon messages: 404 or 405 from ${tried.join(", ")}`,
    mend: () => "Give the whole path in the URL, for example http://127.0.0.1:5000/seldon/hello/api/v0.1/predictions.",
    exit: exitCodes.target,
  },
);
