"""Dovecot (IMAP) and Exim (SMTP) of this machine, on loopback ports with configuration and mail in a folder of their own.

Debian's own services and `/etc` are not touched. Exim puts mail into the Maildirs that Dovecot shows. Each test has
accounts of its own: the account of `plan@office.example` in test 7 is `7-plan@office.example`, and Exim delivers to those
of the test that is running (the file `epoch`).
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from mail_certificates import write_certificates

SECRET = "practice-secret"
DOMAIN = "office.example"
_READY_S = 20.0

DOVECOT = """
protocols = imap
base_dir = {base}/run
log_path = {base}/dovecot.log
listen = 127.0.0.1, 127.0.0.2
ssl = yes
ssl_cert = <{base}/server.pem
ssl_key = <{base}/server.key
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_chars =
auth_failure_delay = 0
login_greeting = ready
mail_location = {store}
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
passdb {{
  driver = static
  args = password={secret}
}}
userdb {{
  driver = static
  args = home={base}/mail/%u
}}
{namespace}
service imap-login {{
  chroot =
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  service_count = 500
  process_min_avail = 2
}}
mail_fsync = never
service anvil {{
  chroot =
  # no waiting after a wrong password
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""

NEW = """
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    auto = create
    special_use = \\Drafts
  }
  mailbox "Sent Items" {
    auto = create
    special_use = \\Sent
  }
  mailbox Junk {
    auto = create
    special_use = \\Junk
  }
}
"""
#: as servers were in 2003: no MOVE, no UIDPLUS, no marked folders, everything below INBOX
OLD = """
namespace inbox {
  inbox = yes
  prefix = INBOX.
  separator = .
  mailbox Junk {
    auto = create
  }
}
protocol imap {
  imap_capability = IMAP4rev1 NAMESPACE
}
"""

EXIM = """
primary_hostname = mail.office.example
spool_directory = {base}/spool
log_file_path = {base}/exim-%slog
pid_file_path = {base}/exim.pid
exim_user = {user}
exim_group = {group}
local_interfaces = 127.0.0.1 : 127.0.0.2
daemon_smtp_ports = {smtp} : {smtps}
tls_on_connect_ports = {smtps}
tls_advertise_hosts = *
tls_certificate = {base}/server.pem
tls_privatekey = {base}/server.key
auth_advertise_hosts = *
message_size_limit = 40M
smtp_accept_max = 0
smtp_accept_max_nonmail = 100000
smtp_accept_queue_per_connection = 0
recipients_max = 200
deliver_drop_privilege = true
keep_environment =
acl_smtp_mail = acl_mail
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = accept
begin acl
acl_mail:
  accept authenticated = *
  deny message = authentication required
acl_rcpt:
  accept verify = recipient
  deny message = no such mailbox
begin routers
here:
  driver = accept
  # what a folder's listing answers may be part of a path, what came by mail may not
  address_data = ${{lookup{{${{lc:$local_part@$domain}}}}dsearch{{{base}/addresses}}{{$value}}fail}}
  transport = maildirs
begin transports
maildirs:
  driver = appendfile
  maildir_format
  directory = {base}/mail/${{readfile{{{base}/epoch}}{{}}}}-$address_data/Maildir
  create_directory
  delivery_date_add
  envelope_to_add
  return_path_add
  mode = 0660
begin retry
* * F,1h,1s
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{{secret}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if eq{{$auth2}}{{{secret}}}}}
  server_set_id = $auth1
"""


def free_ports(number: int) -> list[int]:
    """Ports nobody listens at now."""
    doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    found = [door.getsockname()[1] for door in doors]
    for door in doors:
        door.close()
    return found


class MailServers:
    """Both servers, running; `stop` ends them and removes their folder."""

    def __init__(self, *, old: bool = False, store: str = "maildir:~/Maildir") -> None:
        # short: the names of sockets below it are limited to about a hundred letters
        self.base = Path(tempfile.mkdtemp(prefix="songthan-mail-"))
        self.base.chmod(0o755)
        self.imap, self.imaps, self.smtp, self.smtps = free_ports(4)
        self.ca = write_certificates(self.base)
        self._epoch = 0
        root = os.getuid() == 0
        me = pwd.getpwuid(os.getuid()).pw_name
        # as root Exim and the mail belong to its Debian user: it gives up root for a configuration that is not /etc's
        user = "Debian-exim" if root else me
        group = "Debian-exim" if root else grp.getgrgid(os.getgid()).gr_name
        names = {
            "base": self.base, "secret": SECRET, "user": user, "group": group, "imap": self.imap, "imaps": self.imaps,
            "smtp": self.smtp, "smtps": self.smtps, "internal": "dovecot" if root else me, "login": "dovenull" if root else me,
            "internal_group": "dovecot" if root else group, "namespace": OLD if old else NEW, "store": store,
        }  # fmt: skip
        for folder in ("mail", "spool", "addresses"):
            (self.base / folder).mkdir()
        if root:
            for name in ("mail", "spool", "server.key", "server.pem", "."):
                shutil.chown(self.base / name, user, group)
        (self.base / "epoch").write_text("0")
        (self.base / "dovecot.conf").write_text(DOVECOT.format(**names), encoding="utf-8")
        (self.base / "exim.conf").write_text(EXIM.format(**names), encoding="utf-8")
        (self.base / "exim.conf").chmod(0o644)
        self._run = [
            self._start("dovecot", "-F", "-c", str(self.base / "dovecot.conf")),
            # -odf: a mail lies in its Maildirs before the next command of the same connection is answered
            self._start("exim4", "-bdf", "-odf", "-C", str(self.base / "exim.conf")),
        ]
        for port in (self.imap, self.smtp):
            self._await(port)

    def _start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        path = shutil.which(program) or f"/usr/sbin/{program}"
        out = (self.base / f"{program}.out").open("wb")
        return subprocess.Popen([path, *arguments], stdout=out, stderr=subprocess.STDOUT, start_new_session=True)

    def _await(self, port: int) -> None:
        until = time.monotonic() + _READY_S
        while time.monotonic() < until:
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", port)) == 0:
                    return
            for process in self._run:
                assert process.poll() is None, self.words()
            time.sleep(0.01)
        raise AssertionError(self.words())

    def words(self) -> str:
        """What the servers said."""
        logs = [*self.base.glob("*.out"), *self.base.glob("*.log"), *self.base.glob("exim-*log")]
        return "\n".join(f"== {p.name}\n{p.read_text(errors='replace')[-4000:]}" for p in logs)

    def new_epoch(self, *addresses: str) -> int:
        """Empty accounts at these addresses for the next test; Exim refuses every other address."""
        for old in (self.base / "addresses").iterdir():
            old.unlink()
        for address in addresses:
            (self.base / "addresses" / address.lower()).touch()
        self._epoch += 1
        (self.base / "epoch").write_text(str(self._epoch))
        return self._epoch

    def user(self, address: str) -> str:
        """The account's name, now."""
        return f"{self._epoch}-{address}"

    def maildir(self, address: str) -> Path:
        """Where this address's mail lies, now."""
        return self.base / "mail" / self.user(address) / "Maildir"

    def lay_down(self, address: str, raw: bytes) -> None:
        """A mail straight into a Maildir, as a delivery agent lays it there."""
        folder = self.maildir(address)
        owner = (self.base / "mail").stat()
        for part in (folder.parent, folder, *(folder / name for name in ("tmp", "new", "cur"))):
            if not part.exists():
                part.mkdir()
                os.chown(part, owner.st_uid, owner.st_gid)
        seconds, nanoseconds = divmod(time.time_ns(), 10**9)
        path = folder / "tmp" / f"{seconds}.M{nanoseconds // 1000:06}P{os.getpid()}.{address}"
        path.write_bytes(raw.replace(b"\r\n", b"\n"))
        os.chown(path, owner.st_uid, owner.st_gid)
        path.rename(folder / "new" / path.name)

    def settle(self) -> None:
        """Until every mail Exim accepted lies in its Maildirs."""
        spool = self.base / "spool" / "input"
        until = time.monotonic() + _READY_S
        while spool.exists() and any(spool.rglob("*-[HDJ]")):
            assert time.monotonic() < until, self.words()
            time.sleep(0.005)

    def stop(self) -> None:
        for process in self._run:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._run:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        # some ten thousand small files: nobody waits for their end
        subprocess.Popen(["rm", "-rf", str(self.base)], start_new_session=True)
