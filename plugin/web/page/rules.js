// The rules of an organization: add, edit, remove, bring into order; and a tester beside them.

import {addressField, button, counted, fill, h, labelled, say} from "/files/dom.js";
import {showExplained} from "/files/explained.js";
import {part, wordsIn} from "/files/general_parts.js";
import {ANSWERS} from "/files/words.js";

export function rulesPart(context) {
    const {general, draft, changed} = context;
    if (!draft.rules) {
        return part("Rules", general.rules.source, h("p", {}, `There are ${counted(general.rules.count, "rule")}: more than `
            + "can be shown and changed here. They are in the settings file."), tester(context));
    }
    const list = h("ol", {class: "rules"});
    const show = () => {
        list.replaceChildren(...draft.rules.map((rule, at) =>
            ruleItem(rule, at, draft.rules.length, {changed, move, take})));
        list.hidden = draft.rules.length === 0;
    };
    const changedList = (sentence, at, focus = "input") => {
        show();
        changed();
        say(`${sentence} Not saved yet.`);
        const item = list.children[at] ?? list.lastElementChild;
        (item?.querySelector(`${focus}:not(:disabled)`) ?? item?.querySelector("button:enabled") ?? addRule).focus();
    };
    const move = (from, to, focus) => {
        if (from === to || to < 0 || to >= draft.rules.length) {
            return;
        }
        draft.rules.splice(to, 0, ...draft.rules.splice(from, 1));
        changedList(`Rule ${from + 1} is now rule ${to + 1}.`, to, focus);
    };
    const take = (at) => {
        draft.rules.splice(at, 1);
        changedList(`Rule ${at + 1} is taken away.`, at);
    };
    const addRule = button("Add a rule", () => {
        draft.rules.push({from: [], to: ["*"], answer: "deny"});
        changedList(`Rule ${draft.rules.length} is added; say whose requests it is about.`, draft.rules.length - 1);
    });
    show();
    return part("Rules", general.rules.source,
        h("p", {class: "hint"}, "Tried before everything else; the first that matches decides. * is everybody, "
            + "example.org all addresses of this domain, *.example.org those of the domains below it, "
            + "eve@example.org one address, group:NAME a group of the settings file."),
        list, h("p", {}, addRule), tester(context));
}

function ruleItem(rule, at, count, {changed, move, take}) {
    const name = `rule ${at + 1}`;
    const text = (member, label) => {
        const input = addressField((rule[member] ?? ["*"]).join(", "), {inputmode: "text", input: () => {
            const words = wordsIn(input.value);
            rule[member] = words.length === 0 && member === "to" ? ["*"] : words;
            changed();
        }});
        return labelled(label, input);
    };
    const length = addressField(rule.for ?? "", {inputmode: "text", placeholder: "without end", input: () => {
        const text = length.value.trim();
        if (text === "") {
            delete rule.for;
        } else {
            rule.for = text;
        }
        changed();
    }});
    const lasts = labelled("For, such as 90d", length);
    const answer = h("select", {change: () => {
        rule.answer = answer.value;
        showLength();
        changed();
    }}, ANSWERS.map(([value, label]) => h("option", {value, selected: value === rule.answer}, label)));
    const showLength = () => {
        lasts.hidden = rule.answer !== "approve";
        if (lasts.hidden) {
            delete rule.for;
            length.value = "";
        }
    };
    showLength();
    const drag = (event) => {
        event.dataTransfer.setData("text/plain", `rule ${at}`);
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setDragImage(item, 0, 0);
    };
    const handle = h("span", {class: "handle", draggable: "true", title: "Drag to move", "aria-hidden": "true",
        dragstart: drag}, "⠿");
    const item = h("li", {
        dragover: (event) => {
            event.preventDefault();
            item.classList.add("target");
        },
        dragleave: () => item.classList.remove("target"),
        drop: (event) => {
            event.preventDefault();
            item.classList.remove("target");
            const from = /^rule (\d+)$/.exec(event.dataTransfer.getData("text/plain"))?.[1];
            if (from !== undefined) {
                move(Number(from), at, "input");
            }
        },
    }, h("div", {class: "rule", role: "group", "aria-label": `Rule ${at + 1}`},
        h("span", {class: "place"}, handle, String(at + 1)),
        text("from", "From (contacts)"), text("to", "To (users)"),
        h("div", {}, labelled("Answer", answer), lasts),
        h("span", {class: "buttons"},
            button("↑", () => move(at, at - 1, ".up"),
                {class: "up", "aria-label": `Move ${name} up`, disabled: at === 0}),
            button("↓", () => move(at, at + 1, ".down"),
                {class: "down", "aria-label": `Move ${name} down`, disabled: at === count - 1}),
            button("Remove", () => take(at), {"aria-label": `Remove ${name}`}))));
    return item;
}

/** Says how a request would be decided under the changes that are not saved yet. */
function tester({tryOut, signal}) {
    const [user, contact] = [addressField("", {required: true}), addressField("", {required: true})];
    const result = h("div", {"aria-live": "polite"});
    return h("div", {class: "tester"}, h("h4", {}, "Try it"),
        h("p", {class: "hint"}, "How a request would be decided with the settings as they stand here, saved or not."),
        h("form", {class: "inline", submit: (event) => {
            event.preventDefault();
            fill(result, "Deciding …", signal, () => tryOut(user.value.trim(), contact.value.trim()), showExplained);
        }}, labelled("Contact, who sends it", contact), labelled("User, who receives it", user),
        h("button", {type: "submit"}, "Try")), result);
}
