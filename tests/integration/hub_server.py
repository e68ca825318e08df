"""A Hugging Face hub in memory: enough of its protocol to create, fill and read one repository."""

import base64
import hashlib
import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Hub:
    """What the server holds and was asked. ``large`` names files that go through LFS."""

    files: dict = field(default_factory=dict)
    objects: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)
    large: tuple = (".safetensors",)
    status: int = 200
    endpoint: str = ""
    repos: set = field(default_factory=set)
    commits: list = field(default_factory=list)

    @property
    def commit(self):
        return hashlib.sha1(repr(sorted(self.files.items())).encode()).hexdigest()


@contextmanager
def serve():
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do(self):
        hub, path, sent = self.hub, urlsplit(self.path).path, self.body()
        hub.requests.append((self.command, path, dict(self.headers)))
        if path == "/":
            return self.answer(200)
        if hub.status != 200:
            return self.answer(hub.status, {"error": "scripted"})
        if path == "/api/repos/create":
            asked = json.loads(sent)
            hub.repos.add(
                f"{asked['organization']}/{asked['name']}" if asked.get("organization") else asked["name"]
            )
            return self.answer(200, {"url": f"{hub.endpoint}/datasets/me/texts"})
        if path == "/api/validate-yaml":
            return self.answer(200, {"errors": [], "warnings": []})
        if path.startswith("/api/datasets/") and "/preupload/" in path:
            named = json.loads(sent)["files"]
            modes = [
                {"path": f["path"], "uploadMode": self.mode(f["path"]), "shouldIgnore": False} for f in named
            ]
            return self.answer(200, {"files": modes})
        if path.endswith("/info/lfs/objects/batch"):
            wanted = json.loads(sent)["objects"]
            action = {o["oid"]: {"upload": {"href": f"{hub.endpoint}/store/{o['oid']}"}} for o in wanted}
            objects = [{"oid": o["oid"], "size": o["size"], "actions": action[o["oid"]]} for o in wanted]
            return self.answer(200, {"transfer": "basic", "objects": objects})
        if path.startswith("/store/"):
            hub.objects[path.rpartition("/")[2]] = sent
            return self.answer(200)
        if path.startswith("/api/datasets/") and "/commit/" in path:
            for line in sent.splitlines():
                entry = json.loads(line)
                value = entry["value"]
                if entry["key"] == "file":
                    hub.files[value["path"]] = base64.b64decode(value["content"])
                elif entry["key"] == "lfsFile":
                    hub.files[value["path"]] = hub.objects[value["oid"]]
                elif entry["key"] == "header":
                    hub.commits.append(value["summary"])
            url = f"{hub.endpoint}/datasets/me/texts/commit/{hub.commit}"
            return self.answer(200, {"commitUrl": url, "commitOid": hub.commit})
        if re.fullmatch(r"/api/datasets/me/texts(/revision/[^/]+)?", path):
            if path.endswith("/nowhere"):
                return self.answer(404, {"error": "no"}, X_Error_Code="RevisionNotFound")
            return self.answer(200, {"id": "me/texts", "sha": hub.commit, "siblings": []})
        if match := re.fullmatch(r"/datasets/me/texts/resolve/[^/]+/(.+)", path):
            content = hub.files.get(match[1])
            if content is None:
                return self.answer(404, X_Error_Code="EntryNotFound", X_Repo_Commit=hub.commit)
            tag = hashlib.sha256(content).hexdigest()
            return self.answer(200, content, ETag=f'"{tag}"', X_Repo_Commit=hub.commit)
        return self.answer(404, {"error": "no"}, X_Error_Code="RepoNotFound")

    def mode(self, name):
        return "lfs" if name.endswith(self.hub.large) else "regular"

    do_GET = do_HEAD = do_POST = do_PUT = do
