// Whether Usher works, and what it has done.

import {currentSession, get, path} from "/files/api.js";
import {drawBars, endsOf, UNIT} from "/files/bars.js";
import {button, counted, facts, fill, foreign, h, number, table, time, wait} from "/files/dom.js";
import {answeredWords, domainState, marked} from "/files/words.js";

const PERIODS = [["day", "Day"], ["week", "Week"], ["month", "Month"]];

export function showOverview(content, signal) {
    const state = h("div");
    const waiting = h("div");
    content.replaceChildren(
        h("section", {class: "card"}, h("h2", {}, "Is it working?"), state, waiting),
        requests(signal));
    fill(state, "Asking usherd how it is …", signal, () => get("/v1/status", {}, signal), showState);
    fill(waiting, "Asking the server what waits …", signal, () => get("/v1/waiting", {}, signal), showCount);
}

// --- Is it working?

function showState(status) {
    return [
        h("p", {class: "lead"}, status.online
            ? marked("good", ["Connected as ", foreign(status.address)])
            : marked("bad", ["NOT CONNECTED as ", foreign(status.address), `: ${status.offline_because}`])),
        status.store_error && h("p", {class: "problem", role: "alert"},
            `THE STORE CANNOT BE WRITTEN, so all requests are left to the users: ${status.store_error}`),
        notInForce(status.saved ?? []),
        (status.organizations ?? []).map((one) => [domains(one), noLongerApproved(one)]),
        facts([
            ["Version", status.version],
            ["Running since", status.started && time(status.started)],
            ["Left to users since then because the store failed", status.unrecorded ? number(status.unrecorded) : ""],
            ["Directory", directory(status.ldap)],
        ]),
    ];
}

function domains(organization) {
    const columns = ["Domain", "State", "The connector last replied"];
    const rows = organization.domains.map((one) => [foreign(one.domain), domainState(one.state),
        one.last_round_trip ? time(one.last_round_trip) : "not since the start"]);
    return table(organization.general.organization, columns, rows);
}

/** Approvals by policy that have ended, or that it would not give any more. */
function noLongerApproved(organization) {
    const known = organization.no_longer_approved;
    if (!known || (!known.found && !known.problem)) {
        return "";
    }
    const name = organization.general.organization;
    const count = `Approvals in ${name} that have ended or would not be given any more: ${known.found}${known.more ? " or more" : ""}`;
    const which = known.waits === known.found ? "" : `${known.waits} of them `;
    return h("p", {class: "note"}, known.found ? [count, known.from && [`, ${which}revoked from `, time(known.from), " on"], "."] : "",
        known.problem && ` The last check of approvals in ${name}: ${known.problem}`);
}

function directory(ldap) {
    if (!ldap) {
        return "";
    }
    const read = ldap.read ? [`${counted(ldap.people, "person", "people")}, read at `, time(ldap.read)] : ["NOT READ YET"];
    const unknown = ldap.groups_not_known.join(" or ");
    return [foreign(ldap.url), ": ", read, unknown && `; IT IS NOT KNOWN WHO IS IN ${unknown}`,
        ldap.problem && `; IT COULD NOT BE READ the last time: ${ldap.problem}`];
}

function notInForce(saved) {
    const idle = saved.filter((one) => !one.in_force);
    return idle.length > 0 && h("div", {class: "note"},
        h("p", {}, "Saved by administrators, but WITHOUT EFFECT:"),
        h("ul", {}, idle.map((one) => h("li", {}, one.text))));
}

function showCount(waiting) {
    const count = waiting.requests.length;
    return h("p", {class: "lead"}, count === 0 ? "Nothing waits for an answer." : h("a", {href: "#/waiting"},
        `${waiting.more ? "More than " : ""}${wait(count)} for an answer`));
}

// --- Requests by answer

function requests(signal) {
    const chosen = {period: "week", organization: ""};
    const place = h("div");
    const buttons = PERIODS.map(([period, label]) => button(label, () => {
        chosen.period = period;
        refresh();
    }, {value: period}));
    const refresh = () => {
        buttons.forEach((one) => one.setAttribute("aria-pressed", String(one.value === chosen.period)));
        fill(place, "Counting the decisions of the journal …", signal,
            () => get(path("overview"), chosen, signal), showRequests);
    };
    refresh();
    return h("section", {class: "card"},
        h("h2", {}, "Requests by answer"),
        h("div", {class: "buttons"}, h("div", {class: "group", role: "group", "aria-label": "Period"}, buttons),
            organizations(chosen, refresh)),
        place);
}

function organizations(chosen, refresh) {
    const names = currentSession().organizations;
    return names.length > 1 && h("label", {class: "inline"}, "Organization ",
        h("select", {change: (event) => {
            chosen.organization = event.target.value;
            refresh();
        }}, h("option", {value: ""}, "all"), names.map((name) => h("option", {value: name}, name))));
}

const SERIES = [
    ["approve", "Approved"], ["deny", "Denied"], ["leave", "Left to the user"], ["by_hand", "Answered by people"],
];

function showRequests(overview) {
    const sum = (name) => overview.steps.reduce((total, step) => total + step[name], 0);
    const sums = SERIES.map(([name, label]) => [label, number(sum(name))]);
    const total = SERIES.reduce((all, [name]) => all + sum(name), 0);
    const canvas = h("canvas", {role: "img", "aria-label": "Bar chart of requests by answer. "
        + `${sums.map(([label, count]) => `${label}: ${count}`).join(", ")}. The table below has the numbers.`});
    const chart = h("div", {class: "chart"}, canvas);
    drawBars(chart, canvas, overview, SERIES);
    return [
        total === 0 ? h("p", {}, "No requests were decided in this time.") : chart,
        tiles([...sums, ["Left because of limits", number(overview.limited ?? 0)]]),
        total > 0 && numbers(overview),
        h("h3", {}, "Commonest reasons"),
        reasons(overview.reasons),
    ];
}

const tiles = (pairs) => h("dl", {class: "tiles"},
    pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));

function numbers(overview) {
    const ends = endsOf(overview);
    const columns = [`${UNIT[overview.period]} until`, ...SERIES.map(([, label]) => label)];
    const rows = overview.steps.map((step, i) => [time(ends[i]), ...SERIES.map(([name]) => number(step[name]))]);
    return h("details", {}, h("summary", {}, "The numbers of the chart"),
        table("Requests by answer", columns, rows, {kind: "numbers", captionHidden: true}));
}

function reasons(list) {
    if (list.length === 0) {
        return h("p", {}, "There are none in this time.");
    }
    const rows = list.map((one) => [one.reason, answeredWords(one.answer), number(one.count)]);
    return table("Commonest reasons", ["Reason", "Answer", "Requests"], rows, {kind: "numbers", captionHidden: true});
}
