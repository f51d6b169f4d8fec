"""The demo behind packaging/demo: a private Prosody, usherd as its component, five contact requests.

Run as: demo.py PATH-TO-USHERD [--keep]
"""
import asyncio
import logging
import os
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

logging.disable(logging.CRITICAL)  # the demo reports errors itself
import slixmpp  # noqa: E402
from slixmpp_connect import connect  # noqa: E402

HERE = Path(__file__).resolve().parent
OFFICE, ELSEWHERE, COMPONENT = "capulet.lit", "montague.lit", "usher.capulet.lit"
JULIET, NURSE, TYBALT = (name + "@" + OFFICE for name in ("juliet", "nurse", "tybalt"))
ROMEO, PARIS, FRIAR = (name + "@" + ELSEWHERE for name in ("romeo", "paris", "friar"))
ACCOUNTS = (JULIET, NURSE, TYBALT, ROMEO, PARIS, FRIAR)
DEADLINE = 60  # seconds for each step; after that the demo fails and names the step

PROSODY = """
run_as_root = true
daemonize = false
pidfile = "{directory}/prosody.pid"
data_path = "{directory}/data"
log = {{ info = "{directory}/prosody.log" }}
plugin_paths = {{ "{connector}" }}
interfaces = {{ "127.0.0.1" }}
component_interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {client_port} }}
component_ports = {{ {component_port} }}
c2s_direct_tls_ports = {{ }}
modules_enabled = {{ "roster"; "saslauth"; "disco"; "ping"; "blocklist" }}
modules_disabled = {{ "s2s"; "s2s_auth_certs"; "tls" }}
authentication = "internal_plain"
c2s_require_encryption = false

VirtualHost "{elsewhere}"
"""  # The rest is what usherctl setup prints.

USHER = """
[connection]
host = "127.0.0.1"
port = {component_port}
component = "{component}"
secret_file = "{directory}/secret"

[[organization]]
name = "House of Capulet"
domains = ["{office}"]
administrators = ["{juliet}"]
option = "organization"

  [[organization.rule]]
  from = ["{paris}"]
  answer = "deny"

[store]
url = "sqlite3://{directory}/usher.db"

[control]
socket = "{directory}/control.sock"

[web]
listen = "127.0.0.1:{web_port}"
files = "{page}"
"""


def free_ports(count):
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


class Failed(Exception):
    """The demo failed; the text says what was expected."""


async def within_deadline(awaitable, what):
    try:
        return await asyncio.wait_for(awaitable, DEADLINE)
    except asyncio.TimeoutError:
        raise Failed(f"{what} did not happen within {DEADLINE} seconds") from None


class Stage:
    """The private server and usherd, in a temporary directory that stop() deletes."""

    def __init__(self, usherd, settings=USHER):
        self.usherd = Path(usherd)
        self.settings = settings
        self.directory = Path(tempfile.mkdtemp(prefix="usher-demo-"))
        self.client_port, self.component_port, self.web_port = free_ports(3)
        self.passwords = {address: secrets.token_hex(6) for address in ACCOUNTS}
        self.running = []

    async def start(self):
        values = dict(directory=self.directory, client_port=self.client_port, component_port=self.component_port,
                      web_port=self.web_port, page=HERE.parent / "plugin" / "web" / "page", juliet=JULIET,
                      office=OFFICE, elsewhere=ELSEWHERE, component=COMPONENT, paris=PARIS,
                      connector=HERE.parent / "integration" / "prosody")
        (self.directory / "usher.toml").write_text(self.settings.format(**values))
        (self.directory / "prosody.cfg.lua").write_text(PROSODY.format(**values) + self.server_part())
        for address, password in self.passwords.items():
            name, domain = address.split("@")
            accounts = self.directory / "data" / domain.replace(".", "%2e") / "accounts"
            accounts.mkdir(parents=True, exist_ok=True)
            (accounts / f"{name}.dat").write_text(f'return {{ ["password"] = "{password}"; }};\n')
        self.run("prosody", "prosody", "--config", self.directory / "prosody.cfg.lua")
        await within_deadline(self.listening(), "Prosody's start")
        # usherd reports to its service manager when it answers requests; here that is this script.
        notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notices.bind(str(self.directory / "notify"))
        notices.setblocking(False)
        self.run("usherd", self.usherd, "--user", "root", "--config", self.directory / "usher.toml",
                 environment={"NOTIFY_SOCKET": str(self.directory / "notify")})
        await within_deadline(self.answering(notices), "usherd's login")

    def server_part(self):
        """What the settings need in the server's configuration. Writes the component's secret, too."""
        setup = subprocess.run([self.usherd.parent / "usherctl", "setup", "--server", "prosody",
                                "--config", self.directory / "usher.toml"],
                               stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if setup.returncode != 0:
            raise Failed(f"usherctl setup: {setup.stderr}")
        return setup.stdout

    def usherctl(self, *arguments):
        """What it prints."""
        ran = subprocess.run([self.usherd.parent / "usherctl", "--socket", self.directory / "control.sock", *arguments],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if ran.returncode != 0:
            raise Failed(f"usherctl {' '.join(arguments)}: {ran.stderr}")
        return ran.stdout

    def run(self, name, *command, environment=None):
        with open(self.directory / f"{name}.out", "wb") as output:
            self.running.append((name, subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={**os.environ, **(environment or {})}, start_new_session=True)))

    async def listening(self):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.component_port)
                writer.close()
                return
            except ConnectionRefusedError:
                self.check()
                await asyncio.sleep(0.05)

    async def answering(self, notices):
        while True:
            try:
                notice = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(notices, 4096), 0.2)
            except asyncio.TimeoutError:
                self.check()
                continue
            if re.search(rb"STATUS=answering on (\d+) of \1\b", notice):
                return

    def check(self):
        for name, process in self.running:
            if process.poll() is not None:
                raise Failed(f"{name} ended with exit code {process.returncode}")

    def outputs(self):
        for path in (self.directory / "prosody.log", self.directory / "prosody.out", self.directory / "usherd.out"):
            if path.exists() and path.stat().st_size:
                yield path.name, path.read_text(errors="replace").splitlines()[-15:]

    def stop(self):
        for _, process in reversed(self.running):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.directory)


class Person(slixmpp.ClientXMPP):
    """A client whose user answers nothing: whatever is answered, Usher has answered."""

    def __init__(self, stage, address):
        super().__init__(address + "/demo", stage.passwords[address])
        self.port = stage.client_port
        self.roster.auto_authorize = None
        self.roster.auto_subscribe = False
        self.heard = []  # (kind, contact), in order
        self.news = asyncio.Condition()
        self.began = asyncio.get_running_loop().create_future()
        self.add_event_handler("session_start", self.on_start)
        for kind in ("subscribe", "subscribed", "unsubscribed"):
            self.add_event_handler(f"presence_{kind}", lambda stanza, kind=kind: self.hear(kind, stanza["from"].bare))
        self.add_event_handler("presence_available", lambda stanza: self.hear("presence", stanza["from"].bare))
        self.add_event_handler("failed_all_auth", lambda _: self.began.set_exception(Failed("login refused")))

    async def on_start(self, _):
        await self.get_roster()
        self.send_presence()
        self.began.set_result(None)

    async def come_online(self):
        connect(self, self.port, encrypted=False)
        await within_deadline(self.began, f"the login of {self.boundjid.bare}")
        await self.hears("presence", self.boundjid.bare)

    async def go_offline(self):
        await within_deadline(self.disconnect(), f"the logout of {self.boundjid.bare}")

    def hear(self, kind, contact):
        self.heard.append((kind, contact))
        asyncio.ensure_future(self.tell())

    async def tell(self):
        async with self.news:
            self.news.notify_all()

    async def hears(self, kind, contact):
        async with self.news:
            await within_deadline(self.news.wait_for(lambda: (kind, contact) in self.heard),
                                  f"'{kind}' from {contact} at {self.boundjid.bare}")

    async def all_delivered(self):
        """A round trip: after it, everything the server had for this client has arrived."""
        await within_deadline(self["xep_0199"].send_ping(self.boundjid.domain), "a ping's answer")

    async def roster_state(self, contact):
        query = self.make_iq_get(queryxmlns="jabber:iq:roster")  # without a version: the whole roster
        roster = await within_deadline(query.send(), "the roster")
        for item in roster["roster"]:
            if item["jid"].bare == contact:
                return item["subscription"] + (", asked" if item["ask"] else "")
        return "not in list"

    def sees(self, contact):
        seen = {"subscribe": "prompt", "subscribed": "approved", "unsubscribed": "denied", "presence": "online"}
        words = list(dict.fromkeys(seen[kind] for kind, other in self.heard if other == contact))
        return ", ".join(words) or "nothing"


def decision(stage, user, contact):
    with sqlite3.connect(stage.directory / "usher.db") as journal:
        rows = journal.execute("SELECT answer, reason, rule FROM journal WHERE user_address = ? AND contact_address = ?"
                               " ORDER BY id", (user, contact)).fetchall()
    if not rows:
        raise Failed(f"no record in the journal of {contact} asking {user}")
    answer, reason, rule = rows[-1]
    return answer, f"{reason} {rule}" if rule else reason.replace("_", " ")


async def play(stage):
    """The five requests. Returns the table's rows."""
    people = {address: Person(stage, address) for address in ACCOUNTS}
    for address in (JULIET, NURSE, ROMEO, PARIS, FRIAR):
        people[address].register_plugin("xep_0199")
        await people[address].come_online()
    people[TYBALT].register_plugin("xep_0199")
    # Juliet has already asked the friar, who has not answered yet.
    people[JULIET].send_presence(pto=FRIAR, ptype="subscribe")
    await people[FRIAR].hears("subscribe", JULIET)

    async def request(contact, user, outcome):
        people[contact].send_presence(pto=user, ptype="subscribe")
        await outcome()
        for person in (people[contact], people[user]):
            if person.boundjid.bare != TYBALT:
                await person.all_delivered()

    plots = (
        ("colleague, user online", NURSE, JULIET, lambda: people[NURSE].hears("presence", JULIET)),
        ("colleague, user offline", NURSE, TYBALT, lambda: people[NURSE].hears("subscribed", TYBALT)),
        ("stranger", ROMEO, JULIET, lambda: people[JULIET].hears("subscribe", ROMEO)),
        ("denied by a rule", PARIS, JULIET, lambda: people[PARIS].hears("unsubscribed", JULIET)),
        ("the user had asked first", FRIAR, JULIET, lambda: people[FRIAR].hears("subscribed", JULIET)),
    )
    for _, contact, user, outcome in plots:
        await request(contact, user, outcome)
    await people[TYBALT].come_online()
    await people[TYBALT].all_delivered()
    rows = []
    for plot, contact, user, _ in plots:
        answer, reason = decision(stage, user, contact)
        rows.append((plot, contact, user, answer, reason,
                     people[contact].sees(user), await people[contact].roster_state(user),
                     people[user].sees(contact), await people[user].roster_state(contact)))
    for person in people.values():
        await person.go_offline()
    return rows


# What the README promises.
EXPECTED = {
    "colleague, user online": ("approve", "approved, online", "to", "nothing", "from"),
    "colleague, user offline": ("approve", "approved, online", "to", "nothing", "from"),
    "stranger": ("leave", "nothing", "none, asked", "prompt", "not in list"),
    "denied by a rule": ("deny", "denied", "none", "nothing", "not in list"),
    "the user had asked first": ("approve", "prompt, approved, online", "to", "nothing", "from, asked"),
}


def show(rows):
    table = [("contact -> user", "", "Usher's answer", "because", "contact saw", "list", "user saw", "list")]
    for plot, contact, user, *rest in rows:
        table.append((f"{contact.split('@')[0]} -> {user.split('@')[0]}", plot, *rest))
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    table.insert(1, tuple("-" * width for width in widths))
    print()
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    print()
    print(f"nurse, juliet and tybalt are users of {OFFICE}, the organization; the others are of {ELSEWHERE}.")
    print("Saw: what the client was sent. List: the subscription in the client's contact list (RFC 6121): to = sees")
    print("the other's presence, from = is seen by the other, asked = has asked to see. Nobody clicked anything.")
    print()
    for row in rows:
        found = (row[3], *row[5:])
        if found != EXPECTED[row[0]]:
            raise Failed(f"{row[0]}: expected {EXPECTED[row[0]]}, found {found}")


def tell_how_to_try(stage):
    link = stage.usherctl("web").splitlines()[-1]
    print("The server keeps running. Connect your own client (no encryption, this machine only):")
    print(f"   server 127.0.0.1, port {stage.client_port}")
    for address, password in stage.passwords.items():
        print(f"   {address:<22} password {password}")
    print("For example: as tybalt add juliet, who is a colleague; as romeo add nurse, who is then asked.")
    print()
    print(f"Usher is {COMPONENT} there. What users and administrators do (juliet is an administrator):")
    print(f"   chat       send {COMPONENT} the message: help")
    print(f"   menu       open the commands of {COMPONENT}, which clients show where they show a server's services")
    print(f"   page       {link}")
    print("              This link works once, within ten minutes. For another one, send Usher \"web\" as juliet, or:")
    print(f"   usherctl   {stage.usherd.parent}/usherctl --socket {stage.directory}/control.sock web")
    print("              (or: status, journal, organization, ...; --help lists them)")
    print(f"   log        {stage.directory}/usherd.out")
    print()
    print("Ctrl-C stops everything.", flush=True)


async def main(usherd, keep):
    stage = Stage(usherd)
    this = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, this.cancel)
    shown = False
    try:
        print("==> Starting a private Prosody and usherd", flush=True)
        await stage.start()
        print("==> Letting clients ask for each other's presence", flush=True)
        show(await play(stage))
        shown = True
        if keep:
            tell_how_to_try(stage)
            await asyncio.Event().wait()
        print("Try it with your own client: packaging/demo --keep")
        return 0
    except asyncio.CancelledError:
        if not shown:
            print("Interrupted", file=sys.stderr)
        return 0 if shown else 130
    except Failed as failure:
        print(f"The demo failed: {failure}", file=sys.stderr)
        for name, lines in stage.outputs():
            print(f"--- {name}", *lines, sep="\n", file=sys.stderr)
        return 1
    finally:
        stage.stop()
        print("==> Everything stopped")


if __name__ == "__main__":
    # slixmpp uses the default event loop, so asyncio.run(), which makes a new one, does not work.
    LOOP = asyncio.new_event_loop()
    asyncio.set_event_loop(LOOP)
    sys.exit(LOOP.run_until_complete(main(sys.argv[1], "--keep" in sys.argv[2:])))
