"""What MLflow's own client reads back: `read.py <url> <name>` prints the experiment, its runs, the versions and the champion as JSON."""
import json
import sys

import mlflow
from mlflow.models import get_model_info
from mlflow.tracking import MlflowClient

url, name = sys.argv[1:]
mlflow.set_tracking_uri(url)
client = MlflowClient()


def show(run):
    return {
        "id": run.info.run_id,
        "name": run.info.run_name,
        "status": run.info.status,
        "start": run.info.start_time,
        "end": run.info.end_time,
        "params": run.data.params,
        "metrics": run.data.metrics,
        "tags": run.data.tags,
        "datasets": [{"name": d.dataset.name, "digest": d.dataset.digest} for d in run.inputs.dataset_inputs],
    }


experiment = client.get_experiment_by_name(name)
runs = client.search_runs([experiment.experiment_id])
champion = client.get_model_version_by_alias(name, "champion")
source = client.get_run(champion.run_id)
info = get_model_info(f"models:/{name}@champion")
print(
    json.dumps(
        {
            "stage": experiment.lifecycle_stage,
            "runs": [show(run) for run in runs],
            "versions": [
                {"version": v.version, "tags": v.tags, "run": v.run_id, "status": v.status, "source": v.source}
                for v in client.search_model_versions(f"name='{name}'")
            ],
            "champion": {"version": champion.version, "run": champion.run_id, "aliases": list(champion.aliases)},
            "files": sorted(
                f.path
                for folder in ("model", "model/oci")
                for f in client.list_artifacts(champion.run_id, folder)
                if not f.is_dir
            ),
            "loss": [[m.step, m.value] for m in client.get_metric_history(champion.run_id, "loss")],
            "accuracy": source.data.metrics.get("accuracy"),
            "inputs": [[i.name, str(i.type), list(i.shape)] for i in info.signature.inputs],
            "outputs": [[o.name, str(o.type), list(o.shape)] for o in info.signature.outputs],
        }
    )
)
