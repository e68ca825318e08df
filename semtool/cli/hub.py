"""``semtool push`` and ``semtool pull``: share text, embedding files, features and runs."""

from __future__ import annotations

from typing import Annotated

from semtool.cli.artifacts import entry
from semtool.cli.console import Json, Root, answer, app, argument, note, option, store

__all__: list[str] = []


@app.command("push")
def _push(
    reference: Annotated[
        str, argument("<data set>/<name>[@vN], without a version the newest; or runs/<name>.")
    ],
    repo: Annotated[str, option("Repository on the Hugging Face hub: USER/NAME.")],
    private: Annotated[bool, option("Make a new repository private.", "--private")] = False,
    licence: Annotated[
        str, option("Licence of what is shared, as the hub names it (cc-by-4.0).")
    ] = "unknown",
    root: Root = None,
    json: Json = False,
) -> None:
    """Share a description set, an embedding file, features or a run, with a card that says how to load it.

    Example: semtool push ntu60/multi/minilm --repo me/ntu60-multi-minilm --licence cc-by-4.0
    """
    where = store(root)
    if reference.startswith("runs/"):
        from semtool.experiments import push_run
        from skeleton.runs import open_run

        run = open_run(where, reference.removeprefix("runs/"))
        pushed, done = f"runs/{run.name}", push_run(run, repo, private=private, licence=licence)
    else:
        from semtool.hub import push

        artifact = where.locate(reference)
        pushed, done = artifact.reference, push(artifact, repo, private=private, licence=licence)
    if licence == "unknown":
        note("the card names no licence; say one with --licence")
    said = {"reference": pushed, "repo": repo, "url": done.url, "commit": done.commit}
    answer(json, said, f"pushed {pushed} to {done.url}")


@app.command("pull")
def _pull(
    repo: Annotated[str, argument("Repository on the Hugging Face hub: USER/NAME.")],
    revision: Annotated[str | None, option("Branch, tag or commit.", unset="main")] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Fetch what somebody pushed; it enters the store only if every checksum fits.

    Example: semtool pull somebody/ntu60-multi-minilm
    """
    from semtool.hub import open_repository, pull

    where = store(root)
    with open_repository(repo, revision) as source:
        try:
            artifact = pull(source, store=where)
        except FileNotFoundError as no_artifact:
            from semtool.experiments import pull_run

            try:
                run = pull_run(source, store=where)
            except FileNotFoundError:
                raise no_artifact from None
            made = {"kind": "run", "reference": f"runs/{run.name}", "path": run.path}
            answer(json, made, f"run {run.name}, from {repo}")
            return
    said = entry(artifact) | {"pulled": artifact.manifest.details.get("pulled")}
    answer(json, said, f"{artifact.kind} {artifact.reference}, from {repo}")
