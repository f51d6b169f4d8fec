// What was decided, and why: the list, one decision, and how such a request would be decided now.

import {currentSession, get, lines, path, queryText} from "/files/api.js";
import {addressField, button, counted, facts, fill, foreign, h, labelled, problem, renew, row, say, table, time} from "/files/dom.js";
import {showExplained} from "/files/explained.js";
import {replayInto, replayOne} from "/files/replay.js";
import {answeredWords, foundWhere, HANDLINGS, optionSentence, reasonText, repeatsWords, rosterItem,
    verdictWords} from "/files/words.js";

const SHOWN = 100;
const MOST_SHOWN = 1000;
const ASK_AGAIN_MS = 2000;
const COLUMNS = ["When", "Answer", "Reason", "Contact", "User", "What became of it"];

export function showJournal(content, signal, {rest, parameters}) {
    if (rest[0] === "explain") {
        showExplain(content, signal, parameters);
    } else if (rest[0]) {
        fill(content, "Reading the decision …", signal, () => get(path("journal", rest[0]), {}, signal),
            (record) => decision(record, signal));
    } else {
        showList(content, signal, parameters);
    }
}

// --- The list

function showList(content, signal, parameters) {
    const user = addressField(parameters.get("user") ?? "");
    const contact = addressField(parameters.get("contact") ?? "");
    const since = h("input", {type: "datetime-local", value: parameters.get("since") ?? ""});
    const filter = () => ({user: user.value.trim(), contact: contact.value.trim(), since: utc(since.value)});
    const records = h("div");
    const replayed = h("div");
    let shown = new AbortController();  // ends when the filter changes
    const search = (limit = SHOWN) => {
        shown.abort();
        shown = new AbortController();
        const either = AbortSignal.any([signal, shown.signal]);
        replayed.replaceChildren();
        fill(records, "Reading the journal …", either, () => read(filter(), limit, either),
            (found) => list(found, filter(), limit, () => search(MOST_SHOWN), either));
    };
    const replay = () => {
        const heading = h("h2", {tabindex: "-1"}, "Decided again");
        const place = h("div");
        replayed.replaceChildren(h("section", {class: "card"}, heading, place));
        heading.focus();
        replayInto(place, AbortSignal.any([signal, shown.signal]),
            {resource: path("replay"), body: {}, query: filter(), under: "under the policy in force"});
    };
    content.replaceChildren(
        h("form", {class: "inline", role: "search", submit: (event) => {
            event.preventDefault();
            history.pushState(null, "", `#/journal${queryText({...filter(), since: since.value})}`);
            search();
        }}, labelled("User", user), labelled("Contact", contact), labelled("Since", since),
        h("button", {type: "submit", class: "primary"}, "Search")),
        h("p", {}, button("What would policy say of these now?", replay)),
        replayed, records);
    search();
}

const utc = (local) => (local === "" ? "" : `${new Date(local).toISOString().slice(0, 19)}Z`);

/** The newest records that match, and the id behind which following them begins. */
async function read(filter, limit, signal) {
    const behind = await newestId(signal);
    return {behind, records: (await lines(path("journal"), {...filter, limit}, signal)).reverse()};
}

async function newestId(signal) {
    return (await lines(path("journal"), {limit: 1, settled: true}, signal)).at(-1)?.id ?? "0";
}

function list({behind, records}, filter, limit, showMore, signal) {
    const found = table("Decisions, the newest first", COLUMNS, records.map(cells), {captionHidden: true});
    const known = new Map(records.map((record, i) => [record.id, found.tBodies[0].rows[i]]));
    const none = h("p", {}, "The journal has no decision that matches.");
    none.hidden = records.length > 0;
    found.hidden = records.length === 0;
    let following = new AbortController();
    const failed = h("div");
    const start = (from) => {
        failed.replaceChildren();
        following = new AbortController();
        follow({filter, behind: from, signal: AbortSignal.any([signal, following.signal])}, (record) => {
            none.hidden = true;
            found.hidden = false;
            const line = row(cells(record), COLUMNS);
            if (known.has(record.id)) {
                known.get(record.id).replaceWith(line);
            } else {
                found.tBodies[0].prepend(line);
            }
            known.set(record.id, line);
        }, (error) => failed.replaceChildren(problem(error, () => start(from))));
    };
    const box = h("input", {type: "checkbox", change: () => {
        if (box.checked) {
            start(behind);
        } else {
            following.abort();
        }
    }});
    return [
        h("p", {}, h("label", {class: "choice"}, box, h("span", {}, "Follow: show new decisions as they come"))),
        failed, none, found,
        records.length === limit && (limit < MOST_SHOWN ? button(`Show up to ${MOST_SHOWN}`, showMore)
            : h("p", {class: "note"}, `These are the last ${MOST_SHOWN}. usherctl journal lists older ones.`)),
    ];
}

const cells = (record) => [
    h("a", {href: `#/journal/${record.id}`}, time(record.at)), answeredWords(record.answer), reasonText(record),
    foreign(record.contact), foreign(record.user), became(record),
];

/** Short: what a server has applied goes without saying. */
function became(record) {
    const parts = [record.outcome === "refused" && verdictWords(record), repeatsWords(record)].filter(Boolean);
    return parts.length === 0 ? "" : parts.flatMap((part, i) => (i > 0 ? ["; ", part] : [part]));
}

/** As the API says: only settled records, beginning behind the newest one of all that there was before. */
async function follow({filter, behind, signal}, show, fail) {
    const end = Date.now() + currentSession().idle_seconds * 1000;
    try {
        for (let after = behind; !signal.aborted;) {
            await new Promise((resolve) => { setTimeout(resolve, ASK_AGAIN_MS); });
            if (Date.now() > end) {
                throw new Error("This is not followed any more: a session that nobody looks at should end.");
            }
            const newest = await newestId(signal);
            let records = [];
            let count = 0;
            do {
                records = await lines(path("journal"), {...filter, after, settled: true, limit: MOST_SHOWN}, signal);
                records.forEach(show);
                count += records.length;
                after = records.at(-1)?.id ?? after;
            } while (records.length === MOST_SHOWN);
            after = BigInt(newest) > BigInt(after) ? newest : after;
            if (count > 0) {
                say(`${counted(count, "new decision")}.`);
            }
        }
    } catch (error) {
        if (!signal.aborted) {
            fail(error);
        }
    }
}

// --- One decision

function decision(record, signal) {
    const known = record.facts;
    const again = `#/journal/explain${queryText({user: record.user, contact: record.contact})}`;
    const replayed = h("div", {"aria-live": "polite"});
    const groups = (list) => (list.length === 0 ? "" : `${list.join(", ")} (by the directory)`);
    return [
        h("h2", {}, `Decision ${record.id}`),
        facts([
            ["When", time(record.at)],
            ["Again", repeatsWords(record)],
            ["Contact", foreign(record.contact)],
            ["User", foreign(record.user)],
            ["Answer", answeredWords(record.answer)],
            ["Reason", reasonText(record)],
            ["Outcome", verdictWords(record)],
            ["User's roster item", rosterItem(record.item)],
            ["User's choice", known.chosen ? optionSentence(known.chosen) : "none"],
            ["User's exception", known.exception
                ? [`${HANDLINGS[known.exception.handling]}: `, foreign(known.exception.entry)] : "none"],
            ["Contact's groups", groups(known.contact_groups)],
            ["User's groups", groups(known.user_groups)],
            ["Groups not known", groups(known.unknown_groups)],
            ["Approved within the hour", known.approvals_known ? `${known.approvals_from_contact} from the contact, `
                + `${known.approvals_from_domain} from their domain, ${known.approvals_to_user} to the user`
                : "not known: the counter was full"],
            ["Found", foundWhere(record.source)],
            ["Settings", [`generation ${record.generation} of `, foreign(record.organization)]],
        ]),
        !record.answered_by && [
            h("p", {}, button("Would it be decided the same again?", () => replayOne(replayed, record, signal))), replayed],
        h("ul", {class: "links"},
            h("li", {}, h("a", {href: again}, "Explain now: how such a request would be decided")),
            h("li", {}, h("a", {href: `#/journal${queryText({user: record.user})}`}, "Decisions for this user")),
            h("li", {}, h("a", {href: `#/journal${queryText({contact: record.contact})}`}, "Decisions about this contact")),
            h("li", {}, h("a", {href: `#/people${queryText({user: record.user})}`}, "This user's option"))),
    ];
}

// --- Explain now

function showExplain(content, signal, parameters) {
    const user = addressField(parameters.get("user") ?? "", {required: true});
    const contact = addressField(parameters.get("contact") ?? "", {required: true});
    const result = h("div", {"aria-live": "polite"});
    const explain = () => fill(result, "Deciding …", signal,
        () => get(path("explain"), {user: user.value.trim(), contact: contact.value.trim()}, signal), showExplained);
    content.replaceChildren(
        h("h2", {}, "Explain now"),
        h("form", {class: "inline", submit: (event) => {
            event.preventDefault();
            explain();
        }}, labelled("Contact, who sends it", contact), labelled("User, who receives it", user),
        h("button", {type: "submit", class: "primary"}, "Explain")), result);
    if (user.value !== "" && contact.value !== "") {
        explain();
    } else {
        renew(result, h("p", {}, "Give a contact and a user, to see how a request would be decided now, step by step."));
    }
}
