"""Debian's Chromium, without a window, that reaches nothing but this machine and says what it was made to do."""
import json
import os
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

DEADLINE = 20  # seconds in which what is awaited comes
STRANGE_NAME = "page.montague.lit"  # a name of somebody else's that leads to this machine: DNS rebinding

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # Chromium has none as root
    "--disable-dev-shm-usage",
    "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--disable-extensions", "--disable-search-engine-choice-screen",
    f"--host-resolver-rules=MAP {STRANGE_NAME} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--lang=en-GB",
    "--window-size=1280,900",
)


def quoted(text):
    """As XPath has it, which has no way to escape."""
    return f'"{text}"' if '"' not in text else f"'{text}'"


def button(text):
    return f"//button[normalize-space()={quoted(text)} or @aria-label={quoted(text)}]"


def link(text):
    return f"//a[normalize-space()={quoted(text)}]"


def heading(text):
    return f"//*[self::h1 or self::h2 or self::h3][normalize-space()={quoted(text)}]"


def field(label):
    """The control with that label."""
    return f"//*[@id=//label[normalize-space()={quoted(label)}]/@for]"


def choice(group, label):
    """Of the radio buttons or check boxes with that legend the one with that label."""
    return (f"//fieldset[legend[normalize-space()={quoted(group)}]]"
            f"//label[normalize-space()={quoted(label)}]/input")


def saying(text):
    """The innermost element with that text in it."""
    return f"//main//*[contains(normalize-space(), {quoted(text)})][not(*[contains(normalize-space(), {quoted(text)})])]"


STATUS = "//*[@id='status']/p"


class Browser:
    def __init__(self, folder):
        """`folder` gets its profile, and all else that it leaves lying about."""
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in (*ARGUMENTS, f"--user-data-dir={folder}/profile"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(
            "/usr/bin/chromedriver", env={**os.environ, "TMPDIR": str(folder)}))
        self.driver.set_page_load_timeout(DEADLINE)
        self.driver.set_script_timeout(DEADLINE)

    def quit(self):
        self.driver.quit()

    # --- What it shows

    def open(self, url):
        """As if the address were typed into a new window."""
        self.driver.get("about:blank")
        self.driver.get(url)

    def wait_until(self, is_so, awaited):
        try:
            return WebDriverWait(self.driver, DEADLINE, 0.05, (StaleElementReferenceException,)).until(lambda _: is_so())
        except TimeoutException:
            raise AssertionError(f"{awaited}: not within {DEADLINE} s. The page at {self.driver.current_url} shows:\n"
                                 f"{self.text()}") from None

    def find(self, xpath):
        """The first that is visible, when there is one."""
        return self.wait_until(lambda: next((one for one in self.all(xpath) if one.is_displayed()), None), xpath)

    def all(self, xpath):
        return self.driver.find_elements(By.XPATH, xpath)

    def click(self, xpath):
        element = self.wait_until(
            lambda: next((one for one in self.all(xpath) if one.is_displayed() and one.is_enabled()), None), xpath)
        # In the middle: a bar that stays at the bottom covers nothing there.
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        element.click()

    def type(self, xpath, text):
        element = self.find(xpath)
        element.clear()
        element.send_keys(text)

    def drag(self, what, onto):
        webdriver.ActionChains(self.driver).drag_and_drop(self.find(what), self.find(onto)).perform()

    def press(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def tab_to(self, xpath):
        """As people go there who have no mouse."""
        for _ in range(200):
            self.press(Keys.TAB)
            if self.driver.switch_to.active_element in self.all(xpath):
                return
        raise AssertionError(f"{xpath} cannot be reached with the keyboard")

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def run(self, script, *arguments):
        """The value of what the function body `script`, which may wait, returns in the page."""
        done = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            f"(async (...given) => {{ {script} }})(...[...arguments].slice(0, -1))"
            ".then((value) => done({value}), (error) => done({error: String(error)}));", *arguments)
        if "error" in done:
            raise AssertionError(f"in the page: {done['error']}")
        return done.get("value")

    def show_as(self, width=1280, height=900, scheme="light"):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme},
                         {"name": "prefers-reduced-motion", "value": "reduce"}]})

    # --- What it did

    def forget(self):
        """What it did until now; and all cookies."""
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.driver.get_log("browser")
        self.driver.get_log("performance")

    def complaints(self):
        """What the console says of the content policy and of errors in scripts, since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["source"] in ("security", "javascript") or "Content Security Policy" in entry["message"]
                or "Trusted" in entry["message"]]

    def asked(self):
        """Where requests of pages went, since the last call: scheme, host and port."""
        origins = set()
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
                url = urlsplit(message["params"].get("request", message["params"])["url"])
                if url.scheme not in ("chrome", "about", "data"):
                    origins.add(f"{url.scheme}://{url.netloc}")
        return origins
