"""A private Prosody, usherd with its page, and the clients of people: what the tests of the page walk through."""
import asyncio
import http.client
import json
import re
import sys
import threading
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1] / "packaging"))
import demo  # noqa: E402
from demo import COMPONENT, FRIAR, JULIET, NURSE, PARIS, ROMEO, TYBALT, Failed  # noqa: E402, F401

CAPULET = "House of Capulet"
MONTAGUE = "Montague & Sons <img src=//montague.lit/ onerror=alert(1)>"  # a name is text, whatever stands in it
HTTP_AUTH = "http://jabber.org/protocol/http-auth"
MAM = "urn:xmpp:mam:2"
ARCHIVE = "urn:xmpp:subscription-requests:0#archive"
SETTINGS = """
[connection]
host = "127.0.0.1"
port = {component_port}
component = "{component}"
secret_file = "{directory}/secret"

[[organization]]
name = "House of Capulet"
domains = ["{office}"]
option = "organization"
administrators = ["nurse@{office}"]
[organization.archive]
default = "never"

[[organization]]
name = "MONTAGUE"
domains = ["{elsewhere}"]
option = "organization"
administrators = ["friar@{elsewhere}"]

[store]
url = "sqlite3://{directory}/usher.db"

[control]
socket = "{directory}/control.sock"

[web]
listen = "127.0.0.1:{web_port}"
url = "http://127.0.0.1:{web_port}/"
files = "{page}"
""".replace("MONTAGUE", MONTAGUE)


class Stage(demo.Stage):
    def __init__(self, usherd, environment):
        super().__init__(usherd, SETTINGS)
        self.environment_of_usherd = environment

    def server_part(self):
        """With message archives, whose preferences Usher may set: that permission is not in what usherctl setup prints."""
        changed = super().server_part()
        for before, after in (('{ "subscription_requests" }', '{ "mam"; "subscription_requests" }'),
                              ("iq = { ", f'iq = {{ ["{ARCHIVE}"] = "both"; ')):
            if before not in changed:
                raise Failed(f"usherctl setup does not print {before}: {changed}")
            changed = changed.replace(before, after)
        return changed

    def run(self, name, *command, environment=None):
        super().run(name, *command, environment={**(environment or {}), **self.environment_of_usherd}
                    if name == "usherd" else environment)


class Person(demo.Person):
    """Whose user is asked by Usher, too."""

    def __init__(self, stage, address):
        super().__init__(stage, address)
        self.register_plugin("xep_0050")
        self.register_plugin("xep_0070")
        self.register_plugin("xep_0199")
        self.questions = asyncio.Queue()  # whether logins are theirs
        self.said = asyncio.Queue()
        self.add_event_handler("http_confirm", self.questions.put_nowait)
        self.add_event_handler("message", self.hear_message)

    def hear_message(self, message):
        if message["from"].bare == COMPONENT and message.xml.find(f"{{{HTTP_AUTH}}}confirm") is None:
            self.said.put_nowait(message["body"])

    async def is_asked(self):
        return await demo.within_deadline(self.questions.get(), f"a question to {self.boundjid.bare}")

    async def reply(self, question, yes):
        """As XEP-0070 has clients reply, to each kind of question in its way."""
        if question.name == "iq":
            reply = question.reply()
            if not yes:
                reply["type"] = "error"
                reply["error"]["condition"] = "not-authorized"
                reply["error"]["type"] = "auth"
        else:
            reply = self.make_message(mto=question["from"], mtype="normal")
            reply["thread"] = question["thread"]
            for attribute in ("id", "method", "url"):
                reply["confirm"][attribute] = question["confirm"][attribute]
            if not yes:
                reply["type"] = "error"
                reply["error"]["condition"] = "not-authorized"
                reply["error"]["type"] = "auth"
        reply.send()

    async def say(self, text):
        """To Usher, in chat. Returns the reply."""
        self.send_message(mto=COMPONENT, mbody=text, mtype="chat")
        return await demo.within_deadline(self.said.get(), f"a reply to '{text}' of {self.boundjid.bare}")

    async def run_command(self, node):
        """A command of Usher's without a form. Returns what it says at its end."""
        reply = await demo.within_deadline(self["xep_0050"].send_command(COMPONENT, node),
                                           f"a reply to the command {node} of {self.boundjid.bare}")
        return "\n".join(text for _, text in reply["command"]["notes"])

    async def prefer(self, archiving):
        """Sets which messages of this account are archived (XEP-0441)."""
        iq = self.make_iq_set()
        prefs = ElementTree.SubElement(iq.xml, f"{{{MAM}}}prefs", {"default": archiving})
        for exceptions in ("always", "never"):
            ElementTree.SubElement(prefs, f"{{{MAM}}}{exceptions}")
        await demo.within_deadline(iq.send(), f"new archiving preferences of {self.boundjid.bare}")

    async def request(self, user):
        """Asks to see when `user` is online."""
        self.send_presence(pto=user, ptype="subscribe")
        await self.all_delivered()


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read().decode()

    def json(self):
        return json.loads(self.body)


class Scene:
    """Clients run in a thread of their own, so that a test can wait for them and for a browser."""

    def __init__(self, usherd, environment=None):
        """`environment` is for usherd, besides what it has of ours."""
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.stage = self.run(self.make_stage(usherd, environment or {}))
        self.people = {}
        try:
            self.run(self.stage.start())
            for address in demo.ACCOUNTS:
                self.people[address] = self.run(self.come_online(address))
        except BaseException:
            self.stop()
            raise

    async def make_stage(self, usherd, environment):
        return Stage(usherd, environment)

    async def come_online(self, address):
        person = Person(self.stage, address)
        await person.come_online()
        return person

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def stop(self):
        for person in self.people.values():
            self.run(person.go_offline())
        self.stage.stop()
        self.run(self.cancel_what_is_left())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def cancel_what_is_left(self):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def __getitem__(self, address):
        return self.people[address]

    def outputs(self):
        return "\n".join(f"--- {name}\n" + "\n".join(lines) for name, lines in self.stage.outputs())

    # --- usherd

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.stage.web_port}"

    @property
    def settings_file(self):
        return self.stage.directory / "usher.toml"

    def link(self):
        """That logs in root, by the program on the machine."""
        return link_in(self.stage.usherctl("web"))

    def chat_link(self, address):
        return link_in(self.run(self[address].say("web")))

    def menu_link(self, address):
        return link_in(self.run(self[address].run_command("web")))

    def log_in(self, link):
        """Without a browser. Returns the cookie."""
        reply = self.ask("POST", "/v1/session", body={"link": link.split("#login=")[1]})
        if reply.status != 200:
            raise AssertionError(f"a link is refused: {reply.body}")
        return reply.headers["Set-Cookie"].split(";")[0]

    def ask(self, method, path, cookie=None, body=None, headers=None):
        """A request that no browser would send so."""
        connection = http.client.HTTPConnection("127.0.0.1", self.stage.web_port, timeout=demo.DEADLINE)
        try:
            sent = {"Host": f"127.0.0.1:{self.stage.web_port}"}
            if method != "GET":
                sent["Origin"] = self.origin
            if body is not None:
                sent["Content-Type"] = "application/json"
            if cookie is not None:
                sent["Cookie"] = cookie
            sent.update(headers or {})
            connection.request(method, path, None if body is None else json.dumps(body),
                               {name: value for name, value in sent.items() if value is not None})
            return Reply(connection.getresponse())
        finally:
            connection.close()


def link_in(text):
    found = re.search(r"https?://\S+#login=[^\s\"'<>]+", text)
    if not found:
        raise AssertionError(f"there is no link in: {text}")
    return found[0]
