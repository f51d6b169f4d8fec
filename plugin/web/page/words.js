// The words for what the API names: those of usherctl and of Usher's menus.

import {foreign, h, number, time} from "/files/dom.js";

export const OPTIONS = [
    ["all", "Accept requests automatically from all contacts"],
    ["organization", "Accept requests automatically from contacts in my organization"],
    ["prompt", "Prompt me for each request"],
];
export const ANSWERS = [["approve", "approve"], ["deny", "deny"], ["leave", "leave to the user"]];

/** What an exception of a user's is called. */
export const HANDLINGS = {always_accept: "Always accept", never_accept: "Never accept", always_ask: "Always ask me"};

/** States of accounts, as the columns of a table name them. */
export const ARCHIVE_STATES = [
    ["set", "Set by usherd"],
    ["own", "Preferences of their own"],
    ["waiting", "Waiting to be set"],
    ["unknown", "Failed (could not be read or set)"],
    ["impossible", "Without an archive on the server"],
];
export const ARCHIVES_NOT_COVERED = "Not covered: the other side of a conversation keeps its own copy; rooms have archives of "
    + "their own; what was stored before stays; and what a client marks not to be stored (XEP-0334) is not stored, whatever is "
    + "preferred.";

const ARCHIVINGS = [
    ["always", "all of the users' messages"],
    ["roster", "the users' messages with people in their contact lists, and no others"],
    ["never", "none of the users' messages"],
];

const wordIn = (pairs, name) => pairs.find(([known]) => known === name)?.[1] ?? String(name);

/** What an organization wants for its users' archives, and whether they can change it. */
export function archiveWish(wish) {
    return wish.default === "server" ? "Usher sets nothing: the server's default and the users' own preferences apply."
        : `The server is to store ${wordIn(ARCHIVINGS, wish.default)}, and users `
            + (wish.lock ? "cannot change this." : "can change this for themselves.");
}

export const optionSentence = (name) => wordIn(OPTIONS, name);

const DOMAIN_STATES = [
    ["answering", "answering"],
    ["reading", "starting: reading the waiting requests"],
    ["asking", "not answering yet: the server is being asked for its connector"],
    ["stock", "without a connector: local requests are approved, nothing else is seen"],
    ["offline", "NOT ANSWERING: not connected"],
    ["no-connector", "NOT ANSWERING: the server has no connector for this domain"],
    ["not-granted", "NOT ANSWERING: the server grants nothing here (privileged_entities, XEP-0356)"],
    ["unreachable", "NOT ANSWERING: the domain does not reply; is it one of this server?"],
    ["stock-not-granted", "NOT ANSWERING: no connector, and the server grants too little (XEP-0356)"],
    ["stock-ineffective", "NOT ANSWERING: no connector, and this server does not let others change subscriptions"],
];

const MARKS = {good: "✓", bad: "✕", unsure: "○", warning: "!"};

/** Words with a mark before them, so that the colour says nothing that they do not. */
export function marked(kind, text, more = "") {
    return h("span", {class: `mark ${kind} ${more}`},
        h("span", {class: "sign", "aria-hidden": "true"}, MARKS[kind]), h("span", {}, text));
}

export function domainState(state) {
    const kind = state === "answering" ? "good" : ["reading", "asking", "stock"].includes(state) ? "unsure" : "bad";
    return marked(kind, wordIn(DOMAIN_STATES, state));
}

const kindOf = (answer) => ({approve: "good", deny: "bad"})[answer] ?? "unsure";

/** What policy says. */
const answerWords = (answer) => marked(kindOf(answer), wordIn(ANSWERS, answer), "answer");

/** What was decided. */
export const answeredWords = (answer) =>
    marked(kindOf(answer), {approve: "approved", deny: "denied", leave: "left to the user"}[answer] ?? answer, "answer");

export function reasonText(decision) {
    const rule = typeof decision.rule === "number" ? ` ${decision.rule}` : "";
    return decision.reason + rule + (decision.answered_by ? ` (${decision.answered_by})` : "");
}

/** For a list of kinds: `approve (rule 2)`. */
export const kindText = (decision) => [answerWords(decision.answer), ` (${reasonText(decision)})`];

export function rosterItem(item) {
    if (!item) {
        return "none";
    }
    return `subscription ${item.subscription}${item.ask ? ", and the user has asked" : ""}`;
}

/** What became of an answer to a waiting request. */
export function outcomeWords(outcome, answer) {
    switch (outcome) {
    case null:
        return marked("unsure", "left to the user");
    case "answered":
        return marked("good", answer === "deny" ? "done: denied" : "done: approved");
    case "nothing-waits":
        return marked("unsure", "not applied: answered, withdrawn or blocked in the meantime");
    case "refused":
        return marked("bad", "REFUSED by the server");
    case "lost":
        return marked("warning", "UNKNOWN: the server did not reply");
    default:
        return outcome;
    }
}

/** What became of a verdict in the journal. Nothing for a request that was left to the user. */
export function verdictWords(record) {
    if (record.answer === "leave") {
        return null;
    }
    if (record.outcome === "refused") {
        return marked("bad", `NOT APPLIED by the server${record.refusal ? `: ${record.refusal}` : ""}`);
    }
    if (record.outcome === "confirmed") {
        return "applied by the server";
    }
    return record.source === "asked" ? "sent to the server, which does not confirm what it asked for"
        : "not known: the server did not reply";
}

/** What a record stands for besides the request that is shown. */
export function repeatsWords(record) {
    if (!record.repeats) {
        return null;
    }
    const others = {domain: " more of this domain", organization: " more of any domain"}[record.covers] ?? " more";
    return [`${number(record.repeats)}${others}, last at `, time(record.last_at)];
}

export const foundWhere = (source) => ({
    asked: "when it came in", roster: "in the contact's roster", waiting: "among those that wait",
})[source] ?? source;

/** Which domains are missing in a list, and why: it must not look complete. */
export function incomplete(list) {
    return [
        list.more && h("p", {class: "note"}, "There are more than these."),
        (list.unlisted ?? []).map((one) =>
            h("p", {class: "note"}, "Not listed: ", foreign(one.domain), `, because ${one.why}.`)),
    ];
}
