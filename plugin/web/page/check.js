// What the server says of each domain, what is missing, and what to do about it.

import {get, path} from "/files/api.js";
import {button, fill, foreign, h, say} from "/files/dom.js";
import {marked} from "/files/words.js";

const KINDS = {passed: "good", warning: "warning", failed: "bad", "not possible": "unsure"};

export function showCheck(content, signal) {
    const place = h("div");
    const check = () => fill(place, "Asking the server about each domain; this takes two minutes at most …", signal,
        () => get(path("check"), {}, signal),
        (report) => [summary(report), byDomain(report).map(domain), buttons(report, check)]);
    content.replaceChildren(place);
    check();
}

function byDomain(report) {
    const domains = new Map();
    for (const result of report.results) {
        domains.set(result.domain, [...(domains.get(result.domain) ?? []), result]);
    }
    return [...domains];
}

function summary({answering, silent}) {
    const lines = [
        answering.length > 0 && marked("good", ["Requests can be answered on ", foreign(answering.join(", ")), "."]),
        silent.length > 0 && marked("bad", ["Requests cannot be answered on ", foreign(silent.join(", ")), "."]),
    ].filter(Boolean);
    return (lines.length > 0 ? lines : [marked("unsure", "No domain was found on which requests can be answered.")])
        .map((line) => h("p", {class: "lead"}, line));
}

function domain([name, results]) {
    return h("section", {class: "card"}, h("h2", {}, name === "" ? "Connection" : foreign(name)),
        h("ul", {class: "findings"}, results.map((result) => h("li", {},
            h("p", {}, marked(KINDS[result.outcome] ?? "unsure", h("strong", {}, result.outcome)), " ",
                h("span", {class: "foreign"}, `${result.subject}: ${result.finding}`)),
            result.fix !== "" && h("div", {class: "fix"}, h("p", {}, "Fix:"), h("pre", {tabindex: "0"}, result.fix),
                button("Copy", () => copy(result.fix), {"aria-label": `Copy the fix of ${result.subject}`}))))));
}

function buttons(report, check) {
    return h("div", {class: "buttons"},
        button("Check again", check), button("Copy all as text", () => copy(asText(report))));
}

function asText(report) {
    const text = ({outcome, subject, finding, fix}) =>
        `  ${outcome.padEnd(13)} ${subject}: ${finding}${fix && `\n${" ".repeat(16)}fix: ${fix}`}`;
    return byDomain(report).map(([name, results]) => [name || "connection", ...results.map(text)].join("\n")).join("\n\n");
}

/** Browsers give the clipboard to pages by https and of this machine only. */
async function copy(text) {
    try {
        await navigator.clipboard.writeText(text);
        say("Copied.");
    } catch {
        say("This browser does not let the page copy here. Select the text instead.");
    }
}
