// The page: logs in, shows who is logged in, and the view that the address names (`#/journal?user=...`).

import {currentSession, logOut, onEnded, post, resumeSession} from "/files/api.js";
import {showCheck} from "/files/check.js";
import {button, confirmed, foreign, h, problem, renew, say} from "/files/dom.js";
import {showGeneral} from "/files/general.js";
import {showJournal} from "/files/journal.js";
import {logInByLink, showLogin} from "/files/login.js";
import {showOverview} from "/files/overview.js";
import {showPeople} from "/files/people.js";
import {showWaiting} from "/files/waiting.js";

const VIEWS = {
    overview: {title: "Overview", show: showOverview},
    general: {title: "General IM", show: showGeneral},
    waiting: {title: "Waiting requests", short: "Waiting", show: showWaiting},
    journal: {title: "Journal", show: showJournal},
    people: {title: "People", show: showPeople},
    check: {title: "Server check", show: showCheck},
};

const main = document.getElementById("main");
let left = new AbortController();  // says to the view that is shown that it was left

/** The address may be anything. */
function decoded(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

/** The view that the address names, with what follows its name and the parameters. */
function wanted() {
    const [name, parameters = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
    const [view, ...rest] = name.split("/").map(decoded);
    return {view: Object.hasOwn(VIEWS, view) ? view : "overview", rest, parameters: new URLSearchParams(parameters)};
}

/** Shows the view's heading and what `show` puts below it. The focus goes to the heading, as after loading a page. */
function open(title, show, focus = true) {
    left.abort();
    left = new AbortController();
    say("");
    const heading = h("h1", {tabindex: "-1"}, title);
    const content = h("div", {class: "view"});
    main.replaceChildren(heading, content);
    document.title = `${title} – Usher`;
    if (focus) {
        heading.focus({preventScroll: true});
        scrollTo(0, 0);
    }
    show(content, left.signal);
}

function openWanted(focus = true) {
    const {view, rest, parameters} = wanted();
    showViews(view);
    open(VIEWS[view].title, (content, signal) => VIEWS[view].show(content, signal, {rest, parameters}), focus);
}

function showViews(current) {
    const nav = document.getElementById("views");
    nav.hidden = false;
    nav.replaceChildren(h("ul", {}, Object.entries(VIEWS).map(([name, {title, short = title}]) =>
        h("li", {}, h("a", {href: `#/${name}`, "aria-current": name === current ? "page" : null}, short)))));
}

function showWho() {
    const session = currentSession();
    const names = session.organizations;
    renew(document.getElementById("who"),
        h("p", {}, foreign(session.name), names.length > 0 && " · ",
            names.length > 3 ? `${names.length} organizations` : names.map((name, i) => [i > 0 && ", ", foreign(name)])),
        session.local && button("Reload the settings file", reload),
        button("Log out", leave));
}

async function reload() {
    if (!await confirmed("Reload the settings file?",
        "usherd reads its settings file again. A file that is not valid changes nothing.", "Reload")) {
        return;
    }
    try {
        const reply = await post("/v1/reload");
        const restart = reply.need_restart.length === 0 ? ""
            : ` Takes effect when usherd is restarted: ${reply.need_restart.join(", ")}.`;
        openWanted(false);
        say(`Settings read again: generation ${reply.generation} is in force.${restart}`);
    } catch (error) {
        say(error.message);
    }
}

async function leave() {
    try {
        await logOut();
        askToLogIn("You are logged out.");
    } catch (error) {
        say(error.message);
    }
}

function askToLogIn(sentence = "", focus = true) {
    document.getElementById("who").replaceChildren();
    document.getElementById("views").hidden = true;
    open("Log in", (content, signal) => showLogin(content, signal, {sentence, done: () => enter()}), focus);
}

function enter(focus = true) {
    showWho();
    openWanted(focus);
}

/** Takes the token out of the address, so that it stays in no history. */
function takeLink() {
    const token = /^#login=(.+)$/.exec(location.hash)?.[1];
    if (token) {
        history.replaceState(null, "", "/");
    }
    return token;
}

async function start() {
    main.replaceChildren(h("p", {class: "loading"}, "Asking usherd who is logged in …"));
    try {
        const token = takeLink();
        const refusal = token ? await logInByLink(token) : "";
        if (currentSession() || await resumeSession()) {
            enter(false);
            say(refusal);
        } else {
            askToLogIn(refusal, false);
        }
    } catch (error) {
        main.replaceChildren(h("h1", {}, "Usher"), problem(error, start));
    }
}

onEnded((sentence) => askToLogIn(sentence));
addEventListener("hashchange", () => {
    if (location.hash.startsWith("#login=")) {
        start();
    } else if (currentSession()) {
        openWanted();
    }
});
document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();  // the part behind # names a view here
    main.querySelector("h1")?.focus();
});
start();
