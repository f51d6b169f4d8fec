"""Real clients on the server of this machine: every option x user online or offline x colleague or stranger.

Run as: dialogue.py accounts | set-options | play
The accounts, which `accounts` prints, have the password PASSWORD.
"""
import asyncio
import logging
import ssl
import subprocess
import sys
from pathlib import Path

logging.disable(logging.CRITICAL)  # also what it says when it is imported
import slixmpp  # noqa: E402

sys.path.append(str(Path(__file__).resolve().parents[2] / "packaging"))
from slixmpp_connect import connect  # noqa: E402

PASSWORD = "wherefore"
DEADLINE = 60  # seconds in which nothing that is awaited has come


def cases():
    """Each with a contact of its own: as Debian configures it, ejabberd lets nobody ask three in a minute."""
    for option in ("all", "organization", "prompt"):
        for online in (True, False):
            for colleague in (True, False):
                name = f"{option}-{'online' if online else 'offline'}-{'colleague' if colleague else 'stranger'}"
                approved = option == "all" or (option == "organization" and colleague)
                contact = f"contact-of-{name}@example.{'org' if colleague else 'net'}"
                yield option, online, contact, f"{name}@example.org", approved


class Silence(Exception):
    """Nothing has come for too long; the text says what was awaited."""


async def within_deadline(awaitable, awaited):
    try:
        return await asyncio.wait_for(awaitable, DEADLINE)
    except asyncio.TimeoutError:
        raise Silence(f"{awaited} did not come, nothing for {DEADLINE} s") from None


class Person(slixmpp.ClientXMPP):
    def __init__(self, address):
        super().__init__(address, PASSWORD)
        self.roster.auto_authorize = None
        self.roster.auto_subscribe = False
        self.heard = asyncio.Queue()
        self.began = asyncio.get_running_loop().create_future()
        self.pushed = asyncio.Event()
        self.add_event_handler("roster_update", lambda iq: iq["type"] == "set" and self.pushed.set())
        self.add_event_handler("session_start", self.start)
        for kind in ("subscribe", "subscribed", "unsubscribed"):
            self.add_event_handler(
                f"presence_{kind}", lambda stanza, kind=kind: self.heard.put_nowait((kind, stanza["from"].bare)))
        self.add_event_handler("failed_all_auth", lambda _: self.began.set_exception(RuntimeError("login refused")))

    def get_ssl_context(self):
        context = super().get_ssl_context()
        context.check_hostname = False  # the servers sign their certificates themselves
        context.verify_mode = ssl.CERT_NONE
        return context

    async def start(self, _):
        self.began.set_result(await self.get_roster())
        self.send_presence()

    async def log_in(self):
        connect(self, 5222, encrypted=True)
        return await within_deadline(self.began, f"the login of {self.boundjid.bare}")

    async def hears(self, kind, contact):
        awaited = f"'{kind}' from {contact} at {self.boundjid.bare}"
        while await within_deadline(self.heard.get(), awaited) != (kind, contact):
            pass


async def subscription(person, contact, expected):
    """What the roster says of the contact. ejabberd's says what is expected only after the contact has been told."""
    while True:
        person.pushed.clear()
        await person.get_roster()
        found = person.client_roster[contact]["subscription"] if contact in person.client_roster else "none"
        if found == expected:
            return found
        try:
            await asyncio.wait_for(person.pushed.wait(), DEADLINE)
        except asyncio.TimeoutError:
            return found


async def play():
    failed = 0
    for option, online, contact, user, approved in cases():
        asking = Person(contact)
        await asking.log_in()
        asked = Person(user)
        if online:
            await asked.log_in()
        asking.send_presence_subscription(pto=user)
        try:
            if approved:
                await asking.hears("subscribed", user)
            if not online:
                await asked.log_in()
            if not approved:
                await asked.hears("subscribe", contact)
            expected = ("to", "from") if approved else ("none", "none")
            found = (await subscription(asking, user, expected[0]), await subscription(asked, contact, expected[1]))
            if found == expected:
                outcome = "approved" if approved else "asked"
            else:
                outcome = f"rosters say {found}, not {expected}"
        except Silence as silence:
            outcome = str(silence)
        failed += outcome not in ("approved", "asked")
        print(f"{user:40} {outcome}", flush=True)
        await asked.disconnect()
        await asking.disconnect()
    return failed


if sys.argv[1] == "accounts":
    print(*(address for case in cases() for address in case[2:4]))
elif sys.argv[1] == "set-options":
    for option, _, _, user, _ in cases():
        subprocess.run(["usherctl", "option", user, option], check=True, stdout=subprocess.DEVNULL)
else:
    sys.exit(asyncio.run(play()) != 0)
