"""DavMail between mail programs (IMAP, SMTP) and the practice Exchange: an EWS client that nobody here wrote."""

import platform
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wire_check import peer

JARS = (
    "commons-codec",
    "httpclient",
    "httpcore",
    "commons-logging",
    "htmlcleaner",
    "jdom2",
    "javax.mail",
    "javax.activation",
    "jcifs",
    "jackrabbit-webdav",
    "woodstox-core",
    "stax2-api",
    "slf4j-api",
    "slf4j-nop",
    "log4j-1.2",
    "jettison",
    "jna",
)


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """Where DavMail listens on loopback."""

    imap: int
    smtp: int


def _free_ports(number: int) -> list[int]:
    taken = [socket.socket() for _ in range(number)]
    for one in taken:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


def _class_path(folder: Path) -> str:
    # Debian's JNA looks for its native half in the system's folders only, or on the class path under this name
    arch = {"x86_64": "x86-64", "aarch64": "aarch64"}.get(platform.machine(), platform.machine())
    native = folder / "native" / "com" / "sun" / "jna" / f"linux-{arch}"
    native.mkdir(parents=True)
    (library,) = peer("davmail", "usr", "lib").glob("*/jni/libjnidispatch*.so")
    shutil.copy(library, native / "libjnidispatch.so")
    jars = [peer("davmail", "usr", "share", "java", f"{name}.jar") for name in JARS]
    return ":".join(map(str, [peer("davmail", "usr", "share", "davmail", "davmail.jar"), *jars, folder / "native"]))


@contextmanager
def gateway(url: str, folder: Path) -> Iterator[Gateway]:
    """DavMail, headless, on two free ports, in front of that EWS address; its files stay in `folder`."""
    folder.mkdir()
    ports = _free_ports(2)
    settings = {
        "server": "true",
        "mode": "EWS",
        "url": url,
        "imapPort": ports[0],
        "smtpPort": ports[1],
        "popPort": "",
        "caldavPort": "",
        "ldapPort": "",
        "bindAddress": "127.0.0.1",
        "allowRemote": "false",
        "enableProxy": "false",
        "useSystemProxies": "false",
        "disableUpdateCheck": "true",
        "smtpSaveInSent": "true",
        "logFilePath": folder / "davmail.log",
    }
    properties = folder / "davmail.properties"
    lines = [f"davmail.{name}={value}" for name, value in settings.items()]
    properties.write_text("\n".join([*lines, "log4j.rootLogger=WARN", "log4j.logger.davmail=INFO"]), encoding="utf-8")
    command = ["java", "-Xmx128m", "-XX:TieredStopAtLevel=1", f"-Duser.home={folder}", "-cp", _class_path(folder)]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [*command, "davmail.DavGateway", "-server", str(properties)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
        )
    try:
        for line in process.stdout:
            if b"listening on" in line:
                break
        else:
            raise AssertionError((folder / "output").read_text(encoding="utf-8", errors="replace"))
        yield Gateway(imap=ports[0], smtp=ports[1])
    finally:
        process.terminate()
        process.communicate(timeout=20)
