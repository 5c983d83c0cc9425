import type { FastifyInstance } from "fastify";
import type { AliasMove, Artifact } from "../../artifact/types.ts";
import { openLocalTarget } from "../../deploy/local/target.ts";
import { modelsQuery, type ModelAnswer, type ModelsAnswer } from "../api.ts";
import { measureConfusion } from "../confusion.ts";
import { parse } from "../parse.ts";
import type { Workspace } from "../workspace.ts";

/** Moves of aliases that are listed; older ones are `slipway models show`'s. */
const mostMoves = 100;

/** What is stored, where it comes from, which version its aliases pointed at when, and what answers on the local target. */
export function registerModels(app: FastifyInstance, workspace: Workspace): void {
  app.get("/api/models", async (request): Promise<ModelsAnswer> => {
    const { from, count } = parse(modelsQuery, request.query);
    const { root } = workspace;
    const { name } = (await workspace.project()).definition;
    const store = await workspace.store();
    const target = openLocalTarget({ root, name });
    const [all, moves, status] = await Promise.all([store.list(name), store.history(name), target.status()]);
    const startedAt = status.replicas[0]?.startedAt;
    return {
      location: store.location,
      total: all.length,
      models: all.slice(from, from + count).map(summarize),
      moves: moves.toReversed().slice(0, mostMoves).map(toMove),
      served: {
        state: status.state,
        urls: [...status.urls],
        findings: [...status.findings],
        ...(status.model !== undefined && { model: status.model }),
        ...(startedAt !== undefined && { startedAt }),
      },
    };
  });
  app.get<{ Params: { digest: string } }>("/api/models/:digest", async ({ params }): Promise<ModelAnswer> => {
    const { artifact, moves } = await find(workspace, params.digest);
    return describe(artifact, moves);
  });
  app.get<{ Params: { digest: string } }>("/api/models/:digest/confusion", async ({ params }) => {
    const { artifact } = await find(workspace, params.digest);
    return measureConfusion(workspace, artifact);
  });
}

async function find(workspace: Workspace, digest: string): Promise<{ artifact: Artifact; moves: AliasMove[] }> {
  const { name } = (await workspace.project()).definition;
  const store = await workspace.store();
  const artifact = await store.get(`${name}@${digest}`);
  return { artifact, moves: await store.history(name) };
}

function summarize({ digest, aliases, createdAt, lineage, model }: Artifact): ModelsAnswer["models"][number] {
  const { metrics, dataset, trainer } = lineage;
  return {
    digest,
    aliases: [...aliases],
    createdAt,
    metrics: toFinite(metrics),
    dataset: dataset.digest,
    trainer,
    size: model.size,
  };
}

function describe(artifact: Artifact, moves: readonly AliasMove[]): ModelAnswer {
  const { name, digest, aliases, model, createdAt, lineage, signature } = artifact;
  const tensors = ([list, gives]: readonly [Artifact["signature"]["inputs"], boolean]) =>
    list.map((tensor) => ({ name: tensor.name, datatype: tensor.datatype, shape: [...tensor.shape], gives }));
  return {
    name,
    digest,
    model,
    aliases: [...aliases],
    createdAt,
    lineage: {
      ...lineage,
      metrics: toFinite(lineage.metrics),
      history: lineage.history.map((epoch) => ({ ...epoch })),
    },
    tensors: [...tensors([signature.inputs, false]), ...tensors([signature.outputs, true])],
    moves: moves
      .filter(({ from, to }) => from === digest || to === digest)
      .toReversed()
      .map(toMove),
  };
}

function toMove({ sequence, alias, from, to, at, by }: AliasMove): ModelsAnswer["moves"][number] {
  return { sequence, alias, at, by, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

function toFinite(metrics: Readonly<Record<string, number>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
  );
}
