// General IM: the settings of an organization, and what a change of them would change.

import {currentSession, get, path, post, put, remove} from "/files/api.js";
import {archivesPart} from "/files/archives.js";
import {button, confirmed, facts, fill, foreign, h, labelled, number, problem, renew, say, table, wait} from "/files/dom.js";
import {administratorsPart, domainsPart, federationPart, mayChoosePart, optionPart, part, withoutEffectPart}
    from "/files/general_parts.js";
import {replayInto, stopReplay} from "/files/replay.js";
import {rulesPart} from "/files/rules.js";
import {incomplete, kindText} from "/files/words.js";

const MEMBERS = {
    users_may_choose: "who may choose", option: "option", domains: "domains", federation: "federation",
    administrators: "administrators", rules: "rules",
};

/**
 * Unsaved changes by who made them and organization: they outlive a look at another view. With each the mark of the settings that
 * it changes: what others have saved since is not written over.
 */
const unsaved = new Map();
const keyOf = (organization) => JSON.stringify([currentSession().name, organization]);

export function showGeneral(content, signal, {rest}) {
    const names = currentSession().organizations;
    const name = rest[0] ?? names[0];
    if (name === undefined) {
        content.replaceChildren(h("p", {}, "There is no organization. Name one in the settings file."));
        return;
    }
    const place = h("div");
    content.replaceChildren(...[
        names.length > 1 && tabs(names, name),
        h("h2", {}, foreign(name)),
        h("p", {class: "hint"}, "Changes take effect from the next request on. They override the settings file."),
        place,
    ].filter(Boolean));
    fill(place, "Reading the settings …", signal, () => get(resourceOf(name), {}, signal),
        (general) => editor(general, place, signal));
}

function tabs(names, current) {
    return h("nav", {"aria-label": "Organizations"}, h("ul", {class: "tabs"}, names.map((one) => h("li", {},
        h("a", {href: `#/general/${encodeURIComponent(one)}`, "aria-current": one === current ? "page" : null}, one)))));
}

const resourceOf = (name, ...more) => path("organizations", name, ...(more.length === 0 ? ["general"] : more));

/** Only what differs: somebody else may change the other settings meanwhile. */
function changeOf(draft, general) {
    const changed = Object.keys(draft).filter((member) =>
        JSON.stringify(draft[member]) !== JSON.stringify(general[member].value));
    return Object.fromEntries(changed.map((member) => [member, draft[member]]));
}

/** As the API takes it: domains only where they count. */
function toSend(change) {
    const {federation} = change;
    return federation && federation.mode !== "listed"
        ? {...change, federation: {mode: federation.mode, answer: federation.answer}} : change;
}

function editor(general, place, signal) {
    const name = general.organization;
    const kept = unsaved.get(keyOf(name));
    const mark = kept?.mark ?? general.mark;
    const draft = {};
    for (const member of Object.keys(MEMBERS).filter((one) => general[one] && general[one].value !== null)) {
        draft[member] = structuredClone(kept?.change[member] ?? general[member].value);
    }
    const change = () => toSend(changeOf(draft, general));
    const beforehand = h("div");
    const bar = saveBar({
        general, change, mark,
        preview: () => showPreview(beforehand, name, change(), signal),
        show: (now) => renew(place, editor(now, place, signal)),
    });
    const changed = () => {
        unsaved.set(keyOf(name), {mark, change: changeOf(draft, general)});
        stopReplay();
        beforehand.replaceChildren();
        bar.refresh();
    };
    const context = {general, draft, changed, signal,
        tryOut: (user, contact) => post(resourceOf(name, "try"), {user, contact, change: change()})};
    bar.refresh();
    return [
        isWithoutEffect(general) && withoutEffectPart(general),
        mayChoosePart(context), optionPart(context), domainsPart(context), federationPart(context),
        general.administrators && administratorsPart(context),
        general.rules && rulesPart(context),
        general.archive && archivesPart(general, signal),
        general.limits && limitsPart(general.limits),
        beforehand, bar.element,
    ];
}

const isWithoutEffect = (general) => (general.without_effect ?? []).length > 0;

function limitsPart({source, ...limits}) {
    const rows = Object.entries(limits).map(([setting, value]) =>
        [setting.replaceAll("_", " "), value === 0 ? "no limit" : number(value)]);
    return part("Limits", source, h("p", {class: "hint"},
        "Automatic approvals within an hour. They are of all organizations, and changed in the settings file."),
    facts(rows));
}

// --- Saving

function saveBar({general, change, mark, preview, show}) {
    const text = h("p", {});
    const failed = h("div");
    const attempt = async (act, sentence) => {
        failed.replaceChildren();
        try {
            const now = await act();
            unsaved.delete(keyOf(general.organization));
            show(now);
            say(sentence);
            document.querySelector("main h1").focus();
        } catch (error) {
            failed.replaceChildren(error.status === 409
                ? problem(error, startAgain, "Forget my changes and show the settings of now") : problem(error));
        }
    };
    const startAgain = () => attempt(() => get(resource), "These are the settings of now.");
    const resource = resourceOf(general.organization);
    const reset = async () => {
        if (await confirmed("Use the settings file again?", "What administrators have saved for this organization is "
            + "forgotten, and so are your unsaved changes.", "Reset")) {
            attempt(() => remove(resource), "The settings file is in force again.");
        }
    };
    const forChanges = [
        button("What would change?", preview, {class: "primary"}),
        button("Save", () => attempt(() => put(resource, {...change(), mark}), "Saved. In force from the next request on."),
            {class: "primary"}),
        button("Undo my changes", () => {
            unsaved.delete(keyOf(general.organization));
            show(general);
            say("Your changes are undone. Nothing was saved.");
        }),
    ];
    const savedAny = isWithoutEffect(general) || Object.keys(MEMBERS).some((member) => general[member]?.saved);
    const element = h("section", {class: "savebar", "aria-label": "Save"}, text, failed,
        h("div", {class: "buttons"}, forChanges, savedAny && button("Reset to the file's …", reset)));
    const refresh = () => {
        failed.replaceChildren();
        const members = Object.keys(change());
        text.textContent = members.length === 0 ? "Nothing is changed."
            : `Not saved yet: ${members.map((member) => MEMBERS[member]).join(", ")}.`;
        forChanges.forEach((one) => { one.disabled = members.length === 0; });
    };
    return {element, refresh};
}

// --- Before saving

const PERIODS = [["7", "the last 7 days"], ["30", "the last 30 days"], ["", "all time"]];
const DAY_MS = 86400000;

function showPreview(place, name, change, signal) {
    const heading = h("h2", {tabindex: "-1"}, "What would change");
    const decided = h("div");
    const waiting = h("div");
    const days = h("select", {change: () => replay()},
        PERIODS.map(([value, label]) => h("option", {value, selected: value === "30"}, label)));
    const replay = () => replayInto(decided, signal, {
        resource: resourceOf(name, "preview"), body: change, under: "with these settings",
        query: {since: days.value && `${new Date(Date.now() - days.value * DAY_MS).toISOString().slice(0, 19)}Z`},
    });
    place.replaceChildren(h("section", {class: "card"}, heading,
        h("h3", {}, "Of what was decided"), labelled("Look at decisions of", days), decided,
        h("h3", {}, "Of what waits now"), waiting));
    heading.focus();
    replay();
    fill(waiting, "Asking the server what waits …", signal,
        () => post(resourceOf(name, "preview", "waiting"), change, {}, signal), previewOfWaiting);
}

function previewOfWaiting(preview) {
    const rows = preview.requests.map((one) =>
        [foreign(one.contact), foreign(one.user), kindText(one.was), kindText(one.now)]);
    const differing = preview.differing === 0 ? "none" : number(preview.differing);
    return [
        h("p", {class: "lead", role: "status"}, preview.looked_at === 0 ? "Nothing waits."
            : `${wait(preview.looked_at)}; ${differing} would get another answer.`),
        rows.length < preview.differing && h("p", {class: "note"}, `The first ${number(rows.length)} of these:`),
        rows.length > 0 && table("Waiting requests with another answer",
            ["Contact", "User", "Now", "With these settings"], rows),
        incomplete(preview),
    ];
}
