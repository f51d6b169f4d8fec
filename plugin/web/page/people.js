// One user: their option for contact list requests, and what was decided for them.

import {get, lines, path, put, queryText, remove} from "/files/api.js";
import {addressField, button, choices, facts, fill, foreign, h, labelled, newId, problem, renew, say, table, time} from "/files/dom.js";
import {answeredWords, OPTIONS, optionSentence, reasonText} from "/files/words.js";

const DECISIONS = 20;

export function showPeople(content, signal, {parameters}) {
    const user = addressField(parameters.get("user") ?? "", {required: true});
    const place = h("div");
    content.replaceChildren(h("form", {class: "inline", role: "search", submit: (event) => {
        event.preventDefault();
        history.pushState(null, "", `#/people${queryText({user: user.value.trim()})}`);
        showUser(place, user.value.trim(), signal);
    }}, labelled("Address of a user", user), h("button", {type: "submit", class: "primary"}, "Show")), place);
    if (user.value === "") {
        place.replaceChildren(h("p", {}, "Give the address of a user, to see their option and what was decided for them."));
    } else {
        showUser(place, user.value, signal);
    }
}

function showUser(place, user, signal) {
    const option = h("div");
    const decided = h("div");
    place.replaceChildren(
        h("h2", {}, foreign(user)),
        h("section", {class: "card"}, h("h3", {}, "Options for contact list requests"), option),
        h("section", {class: "card"}, h("h3", {}, "Recent decisions"), decided,
            h("ul", {class: "links"},
                h("li", {}, h("a", {href: `#/journal${queryText({user})}`}, "All decisions for this user")),
                h("li", {}, h("a", {href: `#/waiting${queryText({user})}`}, "What waits for this user")))));
    fill(option, "Asking for the option …", signal,
        () => get(path("option", user), {}, signal), (one) => optionOf(one, option));
    fill(decided, "Reading the journal …", signal,
        () => lines(path("journal"), {user, limit: DECISIONS}, signal), decisions);
}

function optionOf(option, place) {
    let chosen = option.chosen ?? option.in_force;
    const failed = h("div");
    const change = async (act, sentence) => {
        failed.replaceChildren();
        try {
            renew(place, optionOf(await act(), place));
            say(sentence);
        } catch (error) {
            failed.replaceChildren(problem(error));
        }
    };
    const resource = path("option", option.user);
    return [
        facts([
            ["In force", optionSentence(option.in_force)],
            ["Chosen", (option.chosen ? optionSentence(option.chosen) : "nothing")
                + (option.may_choose ? "" : `; users of ${option.organization} may not choose`)],
            ["Without a choice", [optionSentence(option.of_organization), ", from ", foreign(option.organization)]],
        ]),
        option.may_choose && h("fieldset", {}, h("legend", {}, "Choose for this user"),
            choices("radio", newId("option"), OPTIONS, (value) => value === chosen, (value) => { chosen = value; })),
        failed,
        h("div", {class: "buttons"},
            option.may_choose && button("Save", () => change(() => put(resource, {option: chosen}),
                "Saved. In force from the next request on."), {class: "primary"}),
            option.chosen && button("Forget the choice", () => change(() => remove(resource),
                "The choice is forgotten. The option for users without a choice is in force."))),
    ];
}

function decisions(records) {
    if (records.length === 0) {
        return h("p", {}, "The journal has no decision for this user.");
    }
    const rows = records.reverse().map((record) => [h("a", {href: `#/journal/${record.id}`}, time(record.at)),
        foreign(record.contact), answeredWords(record.answer), reasonText(record)]);
    return table("Recent decisions, the newest first", ["When", "Contact", "Answer", "Reason"], rows,
        {captionHidden: true});
}
