// Decisions made again: under unsaved settings, or under the policy in force. Many in parts, so that it can be stopped.

import {path, post} from "/files/api.js";
import {button, counted, facts, fill, foreign, h, newId, number, problem, renew, table, time} from "/files/dom.js";
import {kindText} from "/files/words.js";

const RECORDS_IN_A_PART = 20000;
const EXAMPLES = 3;

const nothing = () => ({
    decided: 0, by_hand: 0, not_decided: 0, why_not: "", differences: new Map(), finished: false,
});

function add(sum, part) {
    sum.decided += part.decided;
    sum.by_hand += part.by_hand;
    sum.not_decided += part.not_decided;
    sum.why_not ||= part.why_not;
    sum.finished = !part.more;
    for (const one of part.differences) {
        const kind = JSON.stringify([one.was, one.now]);
        const known = sum.differences.get(kind) ?? {...one, count: 0, examples: []};
        known.count += one.count;
        known.examples = [...known.examples, ...one.examples].slice(0, EXAMPLES);
        sum.differences.set(kind, known);
    }
}

const differing = (sum) => [...sum.differences.values()].reduce((all, one) => all + one.count, 0);

let running = null;  // of the one replay that there is at a time

export function stopReplay() {
    running?.abort();
    running = null;
}

/**
 * Replays into `place`: POSTs `body` to `resource` with `query` until there is no more, with progress and a button that
 * stops it. What was found until it is stopped is shown, unless another replay has begun.
 */
export async function replayInto(place, signal, order) {
    const {resource, body, query, under} = order;
    stopReplay();
    const stop = new AbortController();
    running = stop;
    const either = AbortSignal.any([signal, stop.signal]);
    const label = newId("progress");
    const progress = h("span", {id: label}, "Making decisions of the journal again …");
    renew(place, h("p", {class: "loading"}, progress, " ", h("progress", {"aria-labelledby": label}), " ",
        button("Stop", () => stop.abort())));
    const sum = nothing();
    let failure = null;
    try {
        for (let after = ""; !sum.finished;) {
            const part = await post(resource, body, {...query, after, limit: RECORDS_IN_A_PART}, either);
            add(sum, part);
            after = part.last;
            progress.textContent =
                `${counted(sum.decided, "decision")} made again so far, ${number(differing(sum))} would differ …`;
        }
    } catch (error) {
        failure = stop.signal.aborted ? null : error;
    }
    if (!signal.aborted && running === stop) {
        const again = () => replayInto(place, signal, order);
        renew(place, failure && problem(failure, again), (!failure || sum.decided > 0) && result(sum, under));
    }
}

function result(sum, under) {
    const differ = differing(sum);
    const groups = [...sum.differences.values()].sort((a, b) => b.count - a.count);
    return [
        h("p", {class: "lead", role: "status"}, sum.decided === 0 ? "There are no decisions in the journal to make again."
            : `Of ${counted(sum.decided, "decision")}, ${differ === 0 ? "none" : number(differ)} would differ ${under}.`),
        !sum.finished && h("p", {class: "note"}, "Stopped: the decisions behind these were not looked at."),
        sum.by_hand > 0 && h("p", {}, `${counted(sum.by_hand, "answer")} by people left out.`),
        sum.not_decided > 0 && h("p", {class: "note"},
            `${counted(sum.not_decided, "decision")} cannot be made again: ${sum.why_not}`),
        groups.map(group),
    ];
}

function group(one) {
    const rows = one.examples.map((record) => [h("a", {href: `#/journal/${record.id}`}, time(record.at)),
        foreign(record.contact), foreign(record.user)]);
    return h("div", {class: "difference"},
        h("p", {}, h("strong", {}, `${number(one.count)}: `), kindText(one.was), " → ", kindText(one.now)),
        table("Examples", ["When", "Contact", "User"], rows));
}

// --- One decision

/** Makes one decision again, under the policy that it was made under and under the one in force. */
export function replayOne(place, record, signal) {
    const query = {user: record.user, contact: record.contact, after: String(BigInt(record.id) - 1n), limit: 1};
    const again = (ownPolicy) => post(path("replay"), {own_policies: ownPolicy}, query, signal);
    fill(place, "Making the decision again …", signal, async () => [await again(true), await again(false)],
        ([own, inForce]) => facts([
            [`Under its own policy, generation ${record.generation}`, becomes(own, record, "the same")],
            ["Under the policy in force", becomes(inForce, record, "the same answer")],
        ]));
}

function becomes(replayed, record, same) {
    if (replayed.last !== record.id) {
        return "not known: the journal does not have it any more";
    }
    if (replayed.decided === 0) {
        return `not known: ${replayed.why_not}`;
    }
    const [difference] = replayed.differences;
    return difference ? ["another one: ", kindText(difference.now)] : same;
}
