"""Walks through the administration page: real Chromium, real usherd, real Prosody, real clients.

Run as: walk.py PATH-TO-USHERD FOLDER [TEST]...   FOLDER keeps what is fetched once.
Each test begins with a browser that is logged in nowhere. After each, nothing may have broken the content policy or gone to
anybody but the page's server.
"""
import http.server
import os
import sys
import tempfile
import threading
import unittest
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from selenium.webdriver.common.keys import Keys

import axe
from browser import STATUS, STRANGE_NAME, Browser, button, choice, field, heading, link, quoted, saying
from scene import CAPULET, Failed, FRIAR, JULIET, MONTAGUE, NURSE, PARIS, ROMEO, TYBALT, Scene

OPTIONS = "Options for contact list requests"
ORGANIZATION = "Accept requests automatically from contacts in my organization"
PROMPT = "Prompt me for each request"
GENERAL_OF_CAPULET = f"/v1/organizations/{quote(CAPULET)}/general"
BAD_LINK = "This link is not valid"
FAKETIME = f"/usr/lib/{sys.implementation._multiarch}/faketime/libfaketime.so.1"


class Walk(unittest.TestCase):
    usherd = scene = browser = axe_source = None

    @classmethod
    def setUpClass(cls):
        # What is previewed, and looked at in the journal.
        cls.at(cls.scene[NURSE].request(JULIET))
        cls.at(cls.scene[NURSE].hears("subscribed", JULIET))

    def setUp(self):
        self.browser.show_as()
        self.browser.forget()

    def tearDown(self):
        self.assertEqual(self.browser.complaints(), [], "the content policy was broken, or a script failed")
        self.assertLessEqual(self.browser.asked(), {self.scene.origin}, "the page asked somebody else")

    # --- Steps

    @classmethod
    def at(cls, coroutine):
        return cls.scene.run(coroutine)

    def log_in(self, url=None):
        """As root, unless the link is somebody else's."""
        self.browser.open(url or self.scene.link())
        self.browser.find(button("Log out"))

    def go(self, view):
        """By the menu."""
        self.browser.click(f"//nav[@id='views']{link(view)}")
        self.settled()

    def look_at(self, fragment):
        self.browser.driver.get(f"{self.scene.origin}/#/{fragment}")
        self.browser.driver.refresh()
        self.browser.find(button("Log out"))
        self.settled()

    def settled(self):
        self.browser.wait_until(lambda: not self.browser.all("//main//*[contains(@class, 'loading')]"),
                                "everything is loaded")

    def asks_to_log_in(self, saying_so=None):
        self.browser.find(heading("Log in"))
        if saying_so:
            self.browser.find(saying(saying_so))

    def says(self, text):
        """In the line that says what has happened."""
        self.browser.find(f"{STATUS}[contains(normalize-space(), \"{text}\")]")

    def enter_address(self, address):
        """Returns the code that the page shows then."""
        self.browser.open(f"{self.scene.origin}/")
        self.browser.type(field("Your XMPP address"), address)
        self.browser.click(button("Ask my client"))
        return self.browser.find("//main//*[@class='code']").text

    def cookie(self):
        cookies = self.browser.driver.get_cookies()
        self.assertEqual(len(cookies), 1, "there is one cookie, the session's")
        return f"{cookies[0]['name']}={cookies[0]['value']}"

    def fetch(self, method, path, token=None, body=None):
        """What the page itself could ask: the status and the text of the reply."""
        return self.browser.run(
            "const [method, path, token, body] = given; const headers = {};"
            "if (token !== null) { headers['X-CSRF-Token'] = token; }"
            "if (body !== null) { headers['Content-Type'] = 'application/json'; }"
            "const reply = await fetch(path, {method, headers, body: body === null ? undefined : JSON.stringify(body)});"
            "return {status: reply.status, text: await reply.text()};", method, path, token, body)

    def token(self):
        return self.browser.run("return (await (await fetch('/v1/session')).json()).csrf;")

    def option_of_capulet(self):
        return self.browser.run(f"return (await (await fetch('{GENERAL_OF_CAPULET}')).json()).option.value;")

    def add_rule(self, number, contact, answer):
        rule = f"//*[@aria-label='Rule {number}']"
        self.browser.click(button("Add a rule"))
        self.browser.type(rule + field("From (contacts)"), contact)
        self.browser.click(f"{rule}//option[.='{answer}']")

    def tries(self, contact, user, expected):
        """In the tester beside the rules."""
        self.browser.type(field("Contact, who sends it"), contact)
        self.browser.type(field("User, who receives it"), user)
        self.browser.click(button("Try"))
        self.browser.find(f"//*[@class='tester']//*[@class='lead'][contains(normalize-space(), '{expected}')]")

    def reset(self):
        """What was saved for the House of Capulet. In the page, which shows it."""
        self.browser.click(button("Reset to the file's …"))
        self.browser.click(f"//dialog{button('Reset')}")
        self.says("The settings file is in force again.")

    # --- Logging in

    def test_a_link_logs_in_once(self):
        url = self.scene.link()
        self.log_in(url)
        self.browser.find(heading("Overview"))
        self.assertNotIn("login", self.browser.driver.current_url, "the token stays in the address")
        self.browser.driver.refresh()
        self.browser.find(button("Log out"))
        self.browser.forget()
        self.browser.open(url)
        self.asks_to_log_in(BAD_LINK)

    def test_an_unknown_link_logs_nobody_in(self):
        self.browser.open(f"{self.scene.origin}/#login=" + 64 * "0")
        self.asks_to_log_in(BAD_LINK)
        self.assertEqual(self.browser.driver.get_cookies(), [])

    @unittest.skipIf("USHER_SANITIZED_PROGRAMS" in os.environ, "the sanitizers want to be loaded before libfaketime")
    def test_a_link_expires_after_ten_minutes(self):
        with self.scene_with_clock() as (scene, set_clock):
            in_time, late = scene.link(), scene.link()
            set_clock(590)
            self.log_in(in_time)
            self.browser.forget()
            set_clock(610)
            self.browser.open(late)
            self.asks_to_log_in(BAD_LINK)
            self.assertEqual(self.browser.asked(), {scene.origin})

    @contextmanager
    def scene_with_clock(self):
        """Another one, and what sets its usherd's clock: so many seconds after this one's, at once."""
        with tempfile.TemporaryDirectory() as folder:
            clock = Path(folder) / "clock"

            def set_clock(ahead):
                (Path(folder) / "next").write_text(f"+{ahead}")
                (Path(folder) / "next").rename(clock)

            set_clock(0)
            scene = Scene(self.usherd, {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(clock),
                                        "FAKETIME_NO_CACHE": "1", "FAKETIME_DISABLE_SHM": "1", "NO_FAKE_STAT": "1"})
            try:
                yield scene, set_clock
            finally:
                scene.stop()

    def test_a_script_cannot_read_the_cookie(self):
        self.log_in()
        self.assertEqual(self.browser.run("return document.cookie;"), "")
        self.assertEqual([(one["httpOnly"], one["sameSite"]) for one in self.browser.driver.get_cookies()], [(True, "Strict")])

    def test_a_link_from_the_chat_logs_in_an_administrator(self):
        self.log_in(self.scene.chat_link(NURSE))
        self.browser.find(f"//header//bdi[.='{NURSE}']")
        self.assertNotIn("login=", self.at(self.scene[JULIET].say("web")))

    def test_a_link_from_the_menu_logs_in_an_administrator(self):
        self.log_in(self.scene.menu_link(NURSE))
        self.browser.find(f"//header//bdi[.='{NURSE}']")

    def test_a_yes_in_the_client_logs_in(self):
        code = self.enter_address(NURSE)
        question = self.at(self.scene[NURSE].is_asked())
        self.assertEqual(question.name, "message")
        self.assertEqual(question["confirm"]["id"], code, "the page and the client show different codes")
        self.assertIn(code, question["body"])
        self.at(self.scene[NURSE].reply(question, True))
        self.browser.find(button("Log out"))
        self.browser.find(f"//header//bdi[.='{NURSE}']")

    def test_a_login_that_waits_outlasts_a_network_that_fails(self):
        self.enter_address(NURSE)
        question = self.at(self.scene[NURSE].is_asked())
        self.browser.run(
            "const real = window.fetch;"
            "window.failures = [() => Promise.reject(new TypeError('no network')),"
            "    ...[502, 503, 504].map((status) => async () => new Response('', {status}))];"
            "window.fetch = (...asked) => (window.failures.shift() ?? real)(...asked);")
        self.browser.wait_until(lambda: self.browser.run("return window.failures.length;") == 0,
                                "the page asks again after each failure")
        self.at(self.scene[NURSE].reply(question, True))
        self.browser.find(button("Log out"))

    def test_a_yes_in_the_chat_logs_in(self):
        code = self.enter_address(NURSE)
        self.at(self.scene[NURSE].is_asked())
        self.assertIn(code, self.at(self.scene[NURSE].say(f"yes {code}")))
        self.browser.find(button("Log out"))

    def test_a_client_is_asked_by_its_full_address(self):
        code = self.enter_address(f"{FRIAR}/demo")
        question = self.at(self.scene[FRIAR].is_asked())
        self.assertEqual((question.name, question["confirm"]["id"]), ("iq", code))
        self.at(self.scene[FRIAR].reply(question, True))
        self.browser.find(button("Log out"))
        self.browser.find(f"//header//bdi[.='{FRIAR}']")

    def test_a_no_in_the_client_logs_nobody_in(self):
        self.enter_address(NURSE)
        question = self.at(self.scene[NURSE].is_asked())
        self.at(self.scene[NURSE].reply(question, False))
        self.browser.find("//main//*[@role='alert']")
        self.asks_to_log_in()
        self.assertEqual(self.browser.driver.get_cookies(), [])

    def test_who_administers_nothing_sees_the_same_and_is_not_asked(self):
        self.enter_address(JULIET)
        self.at(self.scene[JULIET].say("help"))  # what was sent before has arrived before
        self.assertTrue(self.scene[JULIET].questions.empty())
        self.asks_to_log_in()

    def test_too_many_attempts_are_refused_in_words(self):
        for _ in range(5):
            self.enter_address(PARIS)
        self.browser.open(f"{self.scene.origin}/")
        self.browser.type(field("Your XMPP address"), PARIS)
        self.browser.click(button("Ask my client"))
        self.browser.find("//main//*[@role='alert'][contains(., 'too many attempts')]")
        self.assertTrue(self.scene[PARIS].questions.empty())

    def test_logging_out_ends_the_session(self):
        self.log_in()
        cookie = self.cookie()
        self.assertEqual(self.scene.ask("GET", "/v1/session", cookie).status, 200)
        self.browser.click(button("Log out"))
        self.asks_to_log_in("You are logged out.")
        self.assertEqual(self.scene.ask("GET", "/v1/session", cookie).status, 401)
        self.browser.driver.refresh()
        self.asks_to_log_in()

    def test_a_session_is_ended_from_the_machine(self):
        for session in self.sessions():
            self.scene.stage.usherctl("web", "--end", session)
        self.log_in()
        (only,) = self.sessions()
        self.scene.stage.usherctl("web", "--end", only)
        self.browser.click(f"//nav[@id='views']{link('Journal')}")
        self.asks_to_log_in("the session has ended")
        self.assertEqual(self.sessions(), [])

    def sessions(self, of=""):
        """Of everybody, or of one."""
        listed = self.scene.stage.usherctl("web", "--sessions").splitlines()[1:]
        return [line.split()[0] for line in listed if of in line]

    def test_the_session_of_a_removed_administrator_is_gone(self):
        unused = self.scene.chat_link(NURSE)
        self.log_in(self.scene.chat_link(NURSE))
        before = self.scene.settings_file.read_text()
        try:
            self.scene.settings_file.write_text(before.replace(NURSE, TYBALT))
            self.scene.stage.usherctl("reload")
            self.assertEqual(self.sessions(NURSE), [])
            self.browser.click(f"//nav[@id='views']{link('Waiting')}")
            self.asks_to_log_in("the session has ended")
        finally:
            self.scene.settings_file.write_text(before)
            self.scene.stage.usherctl("reload")
        self.browser.driver.refresh()
        self.asks_to_log_in()
        reply = self.scene.ask("POST", "/v1/session", body={"link": unused.split("#login=")[1]})
        self.assertEqual(reply.status, 403, "a link outlasts a removal")

    # --- General IM

    def test_a_saved_option_is_previewed_and_in_force_from_the_next_request_on(self):
        self.log_in()
        self.go("General IM")
        self.assertTrue(self.browser.find(choice(OPTIONS, ORGANIZATION)).is_selected())
        self.browser.click(choice(OPTIONS, PROMPT))
        self.browser.find(saying("Not saved yet: option."))
        self.browser.click(button("What would change?"))
        self.browser.find(saying("would differ with these settings."))
        self.browser.find(f"//main//table[caption='Examples']//tr[contains(., '{NURSE}')][contains(., '{JULIET}')]")
        self.settled()
        self.assertEqual(self.option_of_capulet(), "organization", "the preview has changed the settings")
        self.browser.click(button("Save"))
        self.says("Saved.")
        self.at(self.scene[TYBALT].request(JULIET))
        self.at(self.scene[JULIET].hears("subscribe", TYBALT))  # is asked, as nobody was before
        # What that has changed is no consequence of the next change.
        self.browser.click(choice("Allow users to set 'Options for contact list requests'", "No"))
        self.browser.click(button("What would change?"))
        self.browser.find(saying("none would differ with these settings."))
        self.reset()
        self.assertTrue(self.browser.find(choice(OPTIONS, ORGANIZATION)).is_selected())

    def test_a_saved_rule_is_tried_and_in_force_from_the_next_request_on(self):
        self.log_in()
        self.go("General IM")
        self.add_rule(1, PARIS, "deny")
        self.tries(PARIS, NURSE, "deny (rule 1)")
        self.browser.click(button("Save"))
        self.says("Saved.")
        self.at(self.scene[PARIS].request(NURSE))
        self.at(self.scene[PARIS].hears("unsubscribed", NURSE))
        self.reset()

    def test_the_order_of_rules_counts(self):
        self.log_in()
        self.go("General IM")
        self.add_rule(1, PARIS, "deny")
        self.add_rule(2, PARIS, "approve")
        self.tries(PARIS, NURSE, "deny (rule 1)")
        self.browser.click(button("Move rule 2 up"))
        self.says("Rule 2 is now rule 1.")
        self.tries(PARIS, NURSE, "approve (rule 1)")
        self.browser.drag("//*[@aria-label='Rule 2']//*[@draggable='true']", "//*[@aria-label='Rule 1']")
        self.says("Rule 2 is now rule 1.")
        self.tries(PARIS, NURSE, "deny (rule 1)")
        self.browser.click(button("Remove rule 1"))
        self.tries(PARIS, NURSE, "approve (rule 1)")

    def test_of_two_who_change_the_settings_the_second_is_told(self):
        self.log_in()
        self.go("General IM")
        self.add_rule(1, PARIS, "deny")
        saved = self.fetch("PUT", GENERAL_OF_CAPULET, self.token(), {"rules": [{"from": [ROMEO], "answer": "deny"}]})
        self.assertEqual(saved["status"], 200, saved)
        self.browser.click(button("Save"))
        self.browser.find(saying("Nothing was saved: the settings of House of Capulet are others"))
        self.browser.click(button("Forget my changes and show the settings of now"))
        rule = "//*[@aria-label='Rule 1']" + field("From (contacts)")
        self.browser.wait_until(lambda: self.browser.find(rule).get_attribute("value") == ROMEO, "the rule of now")
        self.reset()

    def test_administrators_are_named_on_the_page(self):
        self.log_in()
        self.go("General IM")
        self.browser.type(field("Address of another administrator"), TYBALT)
        self.browser.click(button("Add"))
        self.browser.click(button("Save"))
        self.says("Saved.")
        cookie = self.scene.log_in(self.scene.chat_link(TYBALT))
        self.log_in(self.scene.chat_link(TYBALT))
        self.go("General IM")
        self.browser.click(button(f"Remove {TYBALT}"))
        self.browser.click(button("Save"))
        self.browser.find("//main//*[@role='alert']")  # nobody locks themselves out
        self.assertEqual(self.scene.ask("GET", "/v1/session", cookie).status, 200)
        self.browser.forget()
        self.log_in()
        self.go("General IM")
        self.reset()
        self.assertEqual(self.scene.ask("GET", "/v1/session", cookie).status, 401)

    def test_what_is_saved_without_effect_is_shown_and_can_be_reset(self):
        self.log_in()
        before = self.scene.settings_file.read_text()
        line = f'administrators = ["{NURSE}"]\n'
        group = f'{line}[[organization.group]]\nname = "kin"\nmembers = ["{PARIS}"]\n'
        try:
            self.scene.settings_file.write_text(before.replace(line, group))
            self.scene.stage.usherctl("reload")
            saved = self.fetch("PUT", GENERAL_OF_CAPULET, self.token(),
                               {"rules": [{"from": ["group:kin"], "answer": "deny"}]})
            self.assertEqual(saved["status"], 200, saved)
        finally:
            self.scene.settings_file.write_text(before)
            self.scene.stage.usherctl("reload")
        self.look_at("general")
        self.browser.find(saying(f"{CAPULET}: rules = 1 rule (saved by root on "))
        self.reset()
        self.assertNotIn("Saved, but not in force", self.browser.text())
        self.assertEqual(self.browser.all(button("Reset to the file's …")), [])

    def test_federation_is_saved_and_in_force_from_the_next_request_on(self):
        federation = "Requests from other domains (federation)"
        let_in = field("Other domains that are let in, one a line")
        self.log_in()
        self.go("General IM")
        self.assertTrue(self.browser.find(choice(federation, "Handle them like all others")).is_selected())
        self.assertFalse(any(one.is_displayed() for one in self.browser.all(let_in)), "a list that does not count is shown")
        self.browser.click(choice(federation, "Shut them out, but for the domains below"))
        self.browser.type(let_in, "verona.lit *.verona.lit")
        self.browser.click(choice("Requests that are shut out", "Deny them"))
        self.browser.find(saying("Not saved yet: federation."))
        self.browser.click(button("Save"))
        self.says("Saved.")
        self.at(self.scene[PARIS].request(TYBALT))
        self.at(self.scene[PARIS].hears("unsubscribed", TYBALT))
        self.look_at("general")
        self.assertTrue(self.browser.find(choice(federation, "Shut them out, but for the domains below")).is_selected())
        self.assertTrue(self.browser.find(choice("Requests that are shut out", "Deny them")).is_selected())
        self.assertCountEqual(self.browser.find(let_in).get_attribute("value").split("\n"), ["verona.lit", "*.verona.lit"])
        self.browser.type(let_in, "montague.lit")
        self.browser.click(button("Save"))
        self.says("Saved.")
        self.at(self.scene[FRIAR].request(NURSE))
        self.at(self.scene[NURSE].hears("subscribe", FRIAR))  # handled like all others
        self.reset()
        self.assertTrue(self.browser.find(choice(federation, "Handle them like all others")).is_selected())

    def test_who_has_the_archiving_that_is_wanted_is_shown(self):
        self.at(self.scene[TYBALT].prefer("always"))
        self.log_in(self.scene.chat_link(NURSE))
        self.browser.wait_until(lambda: self.archived_of_capulet() == {"set": 2, "own": 1, "waiting": 0, "unknown": 0,
                                                                       "impossible": 0}, "the others have it from usherd")
        self.go("General IM")
        archives = self.archives()
        for sentence in (
                "The server is to store none of the users' messages, and users can change this for themselves.",
                "Not covered: the other side of a conversation keeps its own copy; rooms have archives of their own; what was "
                "stored before stays; and what a client marks not to be stored (XEP-0334) is not stored, whatever is preferred."):
            self.assertIn(sentence, archives)
        columns = [one.text for one in self.browser.all("//table[caption='Accounts by archiving preference']//thead//th")]
        cells = [one.text for one in self.browser.all("//table[caption='Accounts by archiving preference']//tbody//tr/*")]
        self.assertEqual(list(zip(columns, cells))[:-1], [
            ("Domain", "capulet.lit"), ("Set by usherd", "2"), ("Preferences of their own", "1"), ("Waiting to be set", "0"),
            ("Failed (could not be read or set)", "0"), ("Without an archive on the server", "0"),
            ("Server's default", "always")])
        self.assertEqual(columns[-1], "Accounts last listed")
        self.assertRegex(cells[-1], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
        self.browser.forget()
        self.log_in(self.scene.chat_link(FRIAR))
        self.go("General IM")
        self.assertIn("Usher sets nothing: the server's default and the users' own preferences apply.", self.archives())
        self.assertEqual(self.browser.all("//table[caption='Accounts by archiving preference']"), [])

    def archived_of_capulet(self):
        """How many accounts have what, as usherd says."""
        return self.browser.run("const {organizations} = await (await fetch('/v1/archive')).json();"
                                "return organizations[0].domains[0].archive.accounts;")

    def archives(self):
        return self.browser.find("//section[h3='Message archives']").text

    # --- Overview

    @unittest.skipIf("USHER_SANITIZED_PROGRAMS" in os.environ, "the sanitizers want to be loaded before libfaketime")
    def test_approvals_that_would_not_be_given_any_more_are_counted(self):
        with self.scene_with_clock() as (scene, set_clock):
            scene.run(scene[NURSE].request(JULIET))
            scene.run(scene[NURSE].hears("subscribed", JULIET))
            before = scene.settings_file.read_text()
            scene.settings_file.write_text(before.replace(
                'option = "organization"', 'option = "prompt"\nrevoke_when_no_longer_approved = "report"', 1))
            scene.stage.usherctl("reload")
            self.log_in(scene.link())
            self.settled()
            self.assertNotIn("would not be given any more", self.browser.text())
            set_clock(61)  # usherd looks a minute after its start
            self.browser.wait_until(self.has_looked_at_approvals, "usherd has looked at approvals")
            self.browser.driver.refresh()
            self.browser.find(saying(f"Approvals in {CAPULET} that have ended or would not be given any more: 1."))
            self.assertEqual(self.browser.asked(), {scene.origin})

    def has_looked_at_approvals(self):
        """Asking wakes usherd, which waits for its timers by another clock."""
        return self.browser.run("const {organizations} = await (await fetch('/v1/status')).json();"
                                "return Boolean(organizations[0].no_longer_approved?.looked);")

    # --- Waiting

    def test_a_waiting_request_is_approved(self):
        self.at(self.scene[PARIS].request(JULIET))
        self.at(self.scene[JULIET].hears("subscribe", PARIS))
        self.log_in()
        self.go("Waiting")
        self.browser.click(button(f"Approve the request from {PARIS} to {JULIET}"))
        self.says("1 of 1 request approved.")
        self.at(self.scene[PARIS].hears("subscribed", JULIET))

    def test_many_waiting_requests_are_denied(self):
        for user in (NURSE, TYBALT):
            self.at(self.scene[ROMEO].request(user))
            self.at(self.scene[user].hears("subscribe", ROMEO))
        self.log_in()
        self.go("Waiting")
        self.browser.type(field("Contact or user"), "romeo@")
        for user in (NURSE, TYBALT):
            self.browser.click(f"//input[@aria-label='Choose the request from {ROMEO} to {user}']")
        # What the filter hides is not chosen any more, not even when it is shown again.
        self.browser.type(field("Contact or user"), NURSE)
        self.browser.find(button("Deny the 1 chosen"))
        self.browser.type(field("Contact or user"), "romeo@")
        self.browser.find(saying("1 chosen."))
        self.browser.click(f"//input[@aria-label='Choose the request from {ROMEO} to {TYBALT}']")
        self.browser.click(button("Deny the 2 chosen"))
        self.browser.click(f"//dialog{button('Deny 2 requests')}")
        self.says("2 of 2 requests denied.")
        for user in (NURSE, TYBALT):
            self.at(self.scene[ROMEO].hears("unsubscribed", user))

    # --- Journal

    def test_one_decision_is_made_again(self):
        self.log_in()
        self.go("Journal")
        self.browser.click(f"//main//tr[contains(., '{NURSE}')][contains(., '{JULIET}')]//a")
        again = button("Would it be decided the same again?")
        self.browser.click(again)
        self.assertIn("the same\n", self.replayed() + "\n")
        self.assertIn("the same answer", self.replayed())
        saved = self.fetch("PUT", GENERAL_OF_CAPULET, self.token(), {"option": "prompt"})
        self.assertEqual(saved["status"], 200, saved)
        try:
            self.browser.click(again)
            self.browser.find(saying("another one:"))
            self.assertIn("the same\n", self.replayed())
            self.assertIn("leave to the user (prompt)", self.replayed())
        finally:
            self.fetch("DELETE", GENERAL_OF_CAPULET, self.token())

    def replayed(self):
        self.settled()
        return self.browser.find("//main//dl[contains(., 'Under the policy in force')]").text

    # --- Who sees what

    def test_a_second_administrator_sees_only_their_organization(self):
        self.at(self.scene[JULIET].request(ROMEO))
        self.at(self.scene[ROMEO].hears("subscribe", JULIET))
        self.at(self.scene[FRIAR].request(TYBALT))  # what others see, and they do not
        self.at(self.scene[TYBALT].hears("subscribe", FRIAR))
        self.log_in(self.scene.chat_link(FRIAR))
        self.browser.find(f"//header//bdi[.={quoted(MONTAGUE)}]")
        for view in ("Overview", "General IM", "Waiting", "Journal", "Server check"):
            self.go(view)
            self.assertNotIn(CAPULET, self.browser.text(), f"{view} shows another organization")
            self.assertNotIn(TYBALT, self.browser.text(), f"{view} shows another organization's user")
        self.go("Waiting")
        self.browser.find(button(f"Approve the request from {JULIET} to {ROMEO}"))
        self.assertEqual(self.browser.all(button(f"Approve the request from {FRIAR} to {TYBALT}")), [])
        self.look_at(f"general/{quote(CAPULET)}")
        self.browser.find("//main//*[@role='alert']")
        token = self.token()
        for method, path, body in (
                ("GET", GENERAL_OF_CAPULET, None),
                ("PUT", GENERAL_OF_CAPULET, {"option": "all"}),
                ("DELETE", GENERAL_OF_CAPULET, None),
                ("GET", f"/v1/archive?organization={quote(CAPULET)}", None),
                ("GET", f"/v1/option/{quote(JULIET)}", None),
                ("PUT", f"/v1/option/{quote(JULIET)}", {"option": "all"}),
                ("POST", "/v1/answer", {"user": TYBALT, "contact": FRIAR, "answer": "approve"}),
                ("POST", "/v1/reload", None)):
            with self.subTest(f"{method} {path}"):
                self.assertEqual(self.fetch(method, path, token, body)["status"], 403)
        for path in ("/v1/journal", "/v1/waiting", "/v1/status", "/v1/review", "/v1/federation", "/v1/overview",
                     "/v1/archive"):
            with self.subTest(path):
                text = self.fetch("GET", path)["text"]
                self.assertNotIn(CAPULET, text)
                self.assertNotIn(TYBALT, text)

    # --- Attacks

    def test_a_forged_token_is_refused(self):
        self.log_in()
        other = self.scene.ask("POST", "/v1/session", body={"link": self.scene.link().split("#login=")[1]}).json()["csrf"]
        for name, token in (("none", None), ("empty", ""), ("wrong", 32 * "0"), ("of another session", other)):
            with self.subTest(name):
                self.assertEqual(self.fetch("PUT", GENERAL_OF_CAPULET, token, {"option": "all"})["status"], 403)
                self.assertEqual(self.fetch("DELETE", "/v1/session", token)["status"], 403)
        self.assertEqual(self.option_of_capulet(), "organization")
        self.assertEqual(self.fetch("PUT", GENERAL_OF_CAPULET, self.token(), {"option": "organization"})["status"], 200)
        self.assertEqual(self.fetch("DELETE", GENERAL_OF_CAPULET, self.token())["status"], 200)

    def test_another_origin_is_refused(self):
        self.log_in()
        token, cookie = self.token(), self.cookie()
        for origin in ("http://127.0.0.1:1", "https://" + self.scene.origin.split("//")[1], "null", None):
            with self.subTest(str(origin)):
                headers = {"X-CSRF-Token": token, "Origin": origin}
                reply = self.scene.ask("PUT", GENERAL_OF_CAPULET, cookie, {"option": "all"}, headers)
                self.assertEqual(reply.status, 403)
        self.assertEqual(self.option_of_capulet(), "organization")

    def test_another_page_in_the_same_browser_changes_and_reads_nothing(self):
        self.log_in()
        token = self.token()
        with somebody_elses_page() as theirs:
            # Of the same site to browsers, which do not look at ports: the cookie is sent along.
            self.browser.driver.get(theirs)
            refused = self.browser.run(
                "const [url, token] = given; const tried = {};"
                "const attempt = async (name, path, how) => { try { const reply = await fetch(url + path, how);"
                "  tried[name] = reply.type === 'opaque' ? 'opaque' : reply.status; } catch { tried[name] = 'refused'; } };"
                "await attempt('read', '/v1/session', {credentials: 'include'});"
                "await attempt('change', '/v1/organizations/House%20of%20Capulet/general', {method: 'PUT', credentials: 'include',"
                "  headers: {'Content-Type': 'application/json', 'X-CSRF-Token': token}, body: '{\"option\": \"all\"}'});"
                "await attempt('blind', '/v1/reload', {method: 'POST', credentials: 'include', mode: 'no-cors'});"
                "const frame = document.createElement('iframe'); frame.src = url;"
                "await new Promise((loaded) => { frame.onload = loaded; document.body.append(frame); });"
                "return tried;", self.scene.origin, token)
            self.assertEqual((refused["read"], refused["change"]), ("refused", "refused"))
            self.assertIn(refused["blind"], ("refused", "opaque"))
            self.browser.wait_until(lambda: any("frame-ancestors" in one for one in self.browser.complaints()),
                                    "the page refuses to be in a frame")
            self.assertLessEqual(self.browser.asked(), {self.scene.origin, theirs.rstrip("/")})
        self.browser.driver.get(f"{self.scene.origin}/")
        self.browser.find(button("Log out"))
        self.assertEqual(self.option_of_capulet(), "organization")
        self.browser.complaints()  # of the other page

    def test_another_name_for_this_machine_shows_nothing(self):
        self.browser.open(self.scene.origin.replace("127.0.0.1", STRANGE_NAME) + "/")
        self.browser.find("//body[contains(., 'Host')]")
        self.assertEqual(self.browser.all("//main"), [])
        self.assertEqual(len(self.browser.asked()), 1)
        cookie = self.scene.log_in(self.scene.link())
        for host in (STRANGE_NAME, f"{STRANGE_NAME}:{self.scene.stage.web_port}", "127.0.0.1", ""):
            with self.subTest(host):
                self.assertEqual(self.scene.ask("GET", "/v1/session", cookie, headers={"Host": host}).status, 403)

    # --- For everybody

    def test_nothing_keeps_people_from_the_login(self):
        self.browser.open(f"{self.scene.origin}/")
        self.asks_to_log_in()
        self.audit("the login")
        self.enter_address(JULIET)
        self.audit("the login that waits for the client")
        self.browser.open(f"{self.scene.origin}/#login=used")
        self.asks_to_log_in(BAD_LINK)
        self.audit("the login after a bad link")

    def test_nothing_keeps_people_from_any_view(self):
        self.at(self.scene[FRIAR].request(JULIET))
        self.at(self.scene[JULIET].hears("subscribe", FRIAR))
        self.log_in()
        self.audit("the overview")
        decision = self.fetch("GET", "/v1/journal?limit=1")["text"].split('"id":"')[1].split('"')[0]
        for fragment in (f"general/{quote(CAPULET)}", "waiting", "journal", f"journal/{decision}", "journal/explain",
                         f"journal/explain?user={JULIET}&contact={FRIAR}", "people", f"people?user={JULIET}", "check"):
            self.look_at(fragment)
            self.audit(fragment)

    def test_nothing_keeps_people_from_a_change(self):
        self.log_in()
        self.go("General IM")
        self.browser.click(button("Add a rule"))
        self.browser.click(choice(OPTIONS, PROMPT))
        self.browser.click(button("What would change?"))
        self.settled()
        self.audit("General IM with a preview")
        self.browser.click(button("Reload the settings file"))
        self.browser.find(f"//dialog{button('Reload')}")
        self.audit("a dialog")

    def test_the_keyboard_is_enough(self):
        self.log_in()
        self.browser.tab_to(link("Skip to the content"))
        self.browser.press(Keys.ENTER)
        self.assertEqual(self.browser.driver.switch_to.active_element.text, "Overview")
        self.browser.tab_to(f"//nav[@id='views']{link('General IM')}")
        self.browser.press(Keys.ENTER)
        self.browser.tab_to(choice(OPTIONS, ORGANIZATION))
        self.browser.press(Keys.DOWN)
        self.assertTrue(self.browser.find(choice(OPTIONS, PROMPT)).is_selected())
        self.browser.tab_to(button("What would change?"))
        self.browser.press(Keys.ENTER)
        self.browser.find(saying("would differ with these settings."))
        self.settled()
        self.browser.tab_to(button("Undo my changes"))
        self.browser.press(Keys.ENTER)
        self.says("Nothing was saved.")
        self.browser.tab_to(button("Log out"))
        self.browser.press(Keys.ENTER)
        self.asks_to_log_in("You are logged out.")

    def audit(self, view):
        """As axe does it, wide and narrow, light and dark."""
        for width, height in ((1280, 900), (390, 844)):
            for scheme in ("light", "dark"):
                self.browser.show_as(width, height, scheme)
                self.browser.driver.execute_script(self.axe_source)
                found = self.browser.run(
                    "return (await axe.run()).violations.filter((one) => ['serious', 'critical'].includes(one.impact))"
                    "  .map((one) => [one.id, one.help, one.nodes.map((node) => node.html).slice(0, 3)]);")
                with self.subTest(f"{view}, {width} wide, {scheme}"):
                    self.assertEqual(found, [])
                with self.subTest(f"{view}, {width} wide: nothing stands out at the side"):
                    self.browser.wait_until(  # a chart is drawn again when the window has another width
                        lambda: self.browser.run("return document.documentElement.scrollWidth;") <= width,
                        f"what is not wider than {width}")
        self.browser.show_as()


@contextmanager
def somebody_elses_page():
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Verona</title><link rel=icon href='data:,'>")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def main(usherd, folder, *tests):
    Walk.usherd = usherd
    try:
        Walk.axe_source = axe.source(folder)
    except axe.Missing as missing:
        return f"walk.py: {missing}"
    with tempfile.TemporaryDirectory(prefix="usher-page-", ignore_cleanup_errors=True) as folder_of_browser:
        try:
            Walk.scene = Scene(usherd)
        except Failed as failure:
            return f"walk.py: {failure}"
        try:
            Walk.browser = Browser(folder_of_browser)
            try:
                loader = unittest.TestLoader()
                loader.testNamePatterns = [f"*{test}*" for test in tests] or None
                result = unittest.TextTestRunner(verbosity=2).run(loader.loadTestsFromTestCase(Walk))
            finally:
                Walk.browser.quit()
            if not result.wasSuccessful():
                print(Walk.scene.outputs(), file=sys.stderr)
            return 0 if result.wasSuccessful() else 1
        finally:
            Walk.scene.stop()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
