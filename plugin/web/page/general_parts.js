// The parts of General IM but for the rules: each changes its member of the draft and says so.

import {addressField, button, choices, foreign, h, labelled, newId, say} from "/files/dom.js";
import {OPTIONS} from "/files/words.js";

/** A setting with its heading, and where its value comes from. */
export function part(title, source, ...content) {
    return h("section", {class: "card"}, h("h3", {}, title), content, h("p", {class: "source"}, "Source: ", source));
}

/** The same where its controls are one group. */
function groupPart(title, sourced, ...content) {
    return h("section", {class: "card"}, h("fieldset", {}, h("legend", {}, h("h3", {}, title)), content),
        h("p", {class: "source"}, "Source: ", sourced.source));
}

/** What is saved and not in force. */
export const withoutEffectPart = (general) => h("div", {class: "note"},
    h("p", {}, "Saved, but not in force, because it does not fit the settings file any more. Reset forgets it."),
    h("ul", {}, general.without_effect.map((one) => h("li", {}, foreign(one)))));

/** The words of a text: an address holds neither spaces nor commas. */
export const wordsIn = (text) => text.split(/[\s,]+/).filter((word) => word !== "");

export function mayChoosePart({general, draft, changed}) {
    return groupPart("Allow users to set 'Options for contact list requests'", general.users_may_choose,
        choices("radio", newId("may"), [["yes", "Yes"], ["no", "No"]],
            (value) => draft.users_may_choose === (value === "yes"), (value) => {
                draft.users_may_choose = value === "yes";
                changed();
            }));
}

export function optionPart({general, draft, changed}) {
    return groupPart("Options for contact list requests", general.option,
        h("p", {class: "hint"}, "In force for all; where users may choose, the one that they start from."),
        choices("radio", newId("option"), OPTIONS, (value) => draft.option === value, (value) => {
            draft.option = value;
            changed();
        }));
}

export function domainsPart({general, draft, changed}) {
    const all = general.domains_in_file;
    return groupPart("Domains of the organization", general.domains,
        choices("checkbox", newId("domains"), all.map((domain) => [domain, domain]),
            (domain) => draft.domains.includes(domain), (domain, chosen) => {
                draft.domains = all.filter((one) => (one === domain ? chosen : draft.domains.includes(one)));
                changed();
            }));
}

const MODES = [
    ["open", "Handle them like all others"],
    ["closed", "Shut them out"],
    ["listed", "Shut them out, but for the domains below"],
];
const SHUT_OUT = [["leave", "Leave them to the user"], ["deny", "Deny them"]];

export function federationPart({general, draft, changed}) {
    const federation = draft.federation;
    const domains = h("textarea", {rows: "3", spellcheck: "false", input: () => {
        federation.domains = wordsIn(domains.value);
        changed();
    }}, federation.domains.join("\n"));
    const listed = labelled("Other domains that are let in, one a line", domains,
        "*.example.net is every domain below example.net.");
    const answer = h("fieldset", {}, h("legend", {}, "Requests that are shut out"),
        choices("radio", newId("shut"), SHUT_OUT, (value) => federation.answer === value, (value) => {
            federation.answer = value;
            changed();
        }));
    const refresh = () => {
        listed.hidden = federation.mode !== "listed";
        answer.hidden = federation.mode === "open";
    };
    refresh();
    return groupPart("Requests from other domains (federation)", general.federation,
        choices("radio", newId("mode"), MODES, (value) => federation.mode === value, (value) => {
            federation.mode = value;
            refresh();
            changed();
        }), listed, answer);
}

export function administratorsPart({general, draft, changed}) {
    const list = h("ul", {class: "lines"});
    const address = addressField();
    const show = () => {
        list.replaceChildren(...draft.administrators.map((one) => h("li", {}, h("bdi", {class: "foreign"}, one), " ",
            button("Remove", () => {
                draft.administrators = draft.administrators.filter((other) => other !== one);
                show();
                changed();
                say(`${one} is taken off the list. Not saved yet.`);
                address.focus();
            }, {"aria-label": `Remove ${one}`}))));
        if (draft.administrators.length === 0) {
            list.replaceChildren(h("li", {}, "There are none."));
        }
    };
    show();
    return part("Administrators", general.administrators.source,
        h("p", {class: "hint"}, "They may change these settings, in chat, in their client's menus, and here."), list,
        h("form", {class: "inline", submit: (event) => {
            event.preventDefault();
            const given = address.value.trim();
            if (given !== "" && !draft.administrators.includes(given)) {
                draft.administrators = [...draft.administrators, given];
                show();
                changed();
            }
            address.value = "";
        }}, labelled("Address of another administrator", address), h("button", {type: "submit"}, "Add")));
}
