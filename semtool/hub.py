"""Push text, embedding files and features to a Hugging Face repository, and pull them back checked.

The repository is one of type "dataset" and holds one artifact: its files, its manifest and a card. Tokens are
huggingface_hub's own business (``HF_TOKEN`` or ``hf auth login``); ``HF_ENDPOINT`` is honoured. Runs are
shared by `semtool.experiments`, through the same `upload` and `open_repository`.
"""

from __future__ import annotations

import logging
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from semtool.artifacts import MANIFEST, Artifact, Manifest, Store
from semtool.catalogue import load_dataset
from semtool.errors import SemtoolError, UsageError
from semtool.packaged import rendered

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["KINDS", "Pushed", "Repository", "open_repository", "pull", "push", "reachable", "upload"]

KINDS = ("descriptions", "embeddings", "features")
"""What may leave the store: text, what was made of it, and features; never skeletons."""
_SHARED = "descriptions, embeddings and features"
_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_LOG_IN = "log in with `hf auth login` or set HF_TOKEN"
_HTTP_LIBRARIES = ("httpx2", "httpx", "httpcore", "requests", "urllib3")
"""What huggingface_hub has spoken through; their errors reach us as they are."""
_PATIENCE = 5.0  # seconds until a connection counts as lost
_PROBE = 2.5  # seconds until a server that does not answer counts as out of reach


@dataclass(frozen=True)
class Pushed:
    """Where an artifact went: page, commit."""

    url: str
    commit: str


@dataclass(frozen=True)
class Repository:
    """A repository at one commit, from which files are fetched."""

    name: str
    commit: str
    api: HfApi

    def fetch(self, file: str, folder: Path) -> Path:
        """Download a file below ``folder`` and return where it is.

        Raises:
            FileNotFoundError: if the repository has no such file.
            SemtoolError: if the connection is lost.
        """
        from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

        try:
            self.api.hf_hub_download(
                self.name, file, repo_type="dataset", revision=self.commit, local_dir=folder,
                etag_timeout=_PATIENCE,
            )  # fmt: skip
        except LocalEntryNotFoundError as error:  # what the client calls a lost connection
            raise SemtoolError(f"the connection to {self.api.endpoint} failed; try again") from error
        except EntryNotFoundError as error:
            raise FileNotFoundError(
                f"{self.name} was not made by semtool push, or is incomplete: it has no {file}"
            ) from error
        return folder / file


def upload(repo: str, files: Mapping[str, str | bytes], *, private: bool, message: str) -> Pushed:
    """Upload files (name -> path or content) to ``repo`` (``user/name``) in one commit.

    Raises:
        UsageError: if ``repo`` is no name.
        SemtoolError: if the server cannot be reached or refuses.
    """
    with _server(repo) as api:
        from huggingface_hub import CommitOperationAdd

        api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True)
        done = api.create_commit(
            repo,
            [CommitOperationAdd(name, source) for name, source in files.items()],
            repo_type="dataset",
            commit_message=message,
        )
        return Pushed(url=f"{api.endpoint}/datasets/{repo}", commit=done.oid)


@contextmanager
def open_repository(repo: str, revision: str | None = None) -> Iterator[Repository]:
    """Yield ``repo`` at the newest commit of ``revision``; what goes wrong ends with one sentence."""
    with _server(repo) as api:
        commit = str(api.repo_info(repo, repo_type="dataset", revision=revision, timeout=10).sha)
        try:
            yield Repository(repo, commit, api)
        except FileNotFoundError as error:
            raise SemtoolError(str(error)) from error


def push(artifact: Artifact, repo: str, *, private: bool = False, licence: str = "unknown") -> Pushed:
    """Upload ``artifact``, its manifest and a generated card to ``repo`` (``user/name``) in one commit.

    Raises:
        UsageError: if it is of a kind that is not shared, or ``repo`` is no name.
        SemtoolError: if its files are damaged, or the server cannot be reached or refuses.
    """
    if artifact.kind not in KINDS:
        raise UsageError(f"{artifact.reference} holds {artifact.kind}; only {_SHARED} are pushed")
    artifact.verify()
    files: dict[str, str | bytes] = {name: str(artifact.path / name) for name in artifact.manifest.files}
    files[MANIFEST] = str(artifact.path / MANIFEST)
    files["README.md"] = _card(artifact, repo, licence).encode()
    return upload(repo, files, private=private, message=f"semtool push {artifact.reference}")


def pull(source: Repository, *, store: Store) -> Artifact:
    """Download the artifact in a repository and return it as a version of this store.

    Every file is held against the manifest's checksums, and opened once, before it enters the store. The
    manifest's ``details.pulled`` says from where it came.

    Raises:
        FileNotFoundError: if the repository holds no artifact.
        SemtoolError: if the connection is lost or something does not fit its checksum.
    """
    repo = source.name
    with tempfile.TemporaryDirectory(prefix="semtool-") as folder:
        here = Path(folder)
        source.fetch(MANIFEST, here)
        manifest = Manifest.read(here)
        if manifest.kind not in KINDS:
            raise SemtoolError(f"{repo} holds {manifest.kind!r}; only {_SHARED} are pulled")
        for name in manifest.files:
            source.fetch(name, here)
        shutil.rmtree(here / ".cache", ignore_errors=True)
        found = Artifact(manifest.kind, manifest.reference, here, manifest)
        if problems := found.problems() or found.content_problems():
            raise SemtoolError(f"{repo} is damaged, nothing was kept: " + "; ".join(problems))
        with store.create(
            manifest.kind,
            found.place.full_name,
            inputs=manifest.inputs,
            parameters=manifest.parameters,
        ) as draft:
            for name in manifest.files:
                shutil.copyfile(here / name, draft.folder / name)
            draft.counts, draft.versions = manifest.counts, manifest.versions
            draft.simulated = manifest.simulated
            origin = {"repo": repo, "commit": source.commit, "reference": manifest.reference}
            draft.details = manifest.details | {"pulled": origin | {"created": manifest.created.isoformat()}}
        return draft.result


def _card(artifact: Artifact, repo: str, licence: str) -> str:
    """Return the card of an artifact in ``repo``: Markdown with the hub's front matter."""
    from semtool.embedding_file import EmbeddingFile

    try:
        motion = load_dataset(artifact.dataset).licence
    except UsageError:
        motion = ""  # a user's own data set says nothing here
    manifest = artifact.manifest
    return rendered(
        "semtool",
        "card.md.j2",
        artifact=artifact,
        manifest=manifest,
        repo=repo,
        licence=licence,
        motion_licence=motion,
        encoder=EmbeddingFile(artifact.path).encoder if artifact.kind == "embeddings" else "",
        counts=", ".join(f"{count} {name}" for name, count in manifest.counts.items()),
        inputs=", ".join(f"{i.reference} ({i.sha256[:12]})" for i in manifest.inputs.values()),
    )


def reachable(endpoint: str) -> bool:
    """Ask a hub for a sign of life: the client itself would try again and again for a minute.

    Any HTTP answer counts; the thread keeps a slow name look-up from outlasting the time limit.
    """
    from huggingface_hub import get_session

    alive = threading.Event()

    def ask() -> None:
        with suppress(Exception):  # whatever its HTTP library raises
            get_session().head(endpoint, timeout=_PROBE)
            alive.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_PROBE)
    return alive.is_set()


@contextmanager
def _server(repo: str) -> Iterator[HfApi]:
    """Yield huggingface_hub's client; turn what goes wrong with it into one sentence."""
    if not _REPO.fullmatch(repo):
        raise UsageError(f"{repo!r} is no repository; it has the form user/name")
    try:
        from huggingface_hub import HfApi, constants
        from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError, RevisionNotFoundError
        from huggingface_hub.utils.tqdm import disable_progress_bars
    except ImportError as error:
        raise UsageError("push and pull need huggingface_hub: pip install huggingface_hub") from error
    if constants.HF_HUB_OFFLINE:
        raise SemtoolError("HF_HUB_OFFLINE is set: nothing is pushed or pulled; unset it to use the network")
    # Its retries are no news; a failure is told below.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    if not sys.stderr.isatty():
        disable_progress_bars()
    api = HfApi()
    if not reachable(api.endpoint):
        raise SemtoolError(f"cannot reach {api.endpoint}; check the network, or set HF_ENDPOINT")
    try:
        yield api
    except (SemtoolError, FileNotFoundError):
        raise
    except RevisionNotFoundError as error:
        raise UsageError(f"{repo} has no such revision") from error
    except (HfHubHTTPError, LocalTokenNotFoundError) as error:
        status = getattr(getattr(error, "response", None), "status_code", "no token")
        raise SemtoolError(
            f"{api.endpoint} refused {repo} ({status}): check its name and your rights; {_LOG_IN}"
        ) from error
    except Exception as error:
        if isinstance(error, ConnectionError) or type(error).__module__.split(".")[0] in _HTTP_LIBRARIES:
            raise SemtoolError(f"the connection to {api.endpoint} failed; try again") from error
        raise
