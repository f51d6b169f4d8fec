// How a request would be decided, step by step.

import {facts, foreign, h} from "/files/dom.js";
import {kindText, rosterItem} from "/files/words.js";

function state(explained) {
    if (explained.waits === true) {
        return ", as it waits now";
    }
    return explained.waits === false ? ", if one came now (none waits; what the user's roster says is not known)"
        : ", if one came now (whether one waits, and what the user's roster says, is not known, "
            + `because ${explained.list_error})`;
}

export function showExplained(explained) {
    return [
        h("p", {}, "A request from ", foreign(explained.contact), " to ", foreign(explained.user), state(explained), ":"),
        h("p", {class: "lead"}, kindText(explained), explained.ask_back && ", and the user asks the contact in return"),
        h("ol", {class: "steps"}, explained.steps.map((step) => h("li", {class: step.applied ? "applied" : null},
            h("strong", {}, step.name), " ", h("span", {class: "verdict"}, step.applied ? "decides:" : "does not decide:"), " ",
            foreign(step.why)))),
        facts([
            ["User's roster item", explained.item && rosterItem(explained.item)],
            ["Settings", explained.organization
                ? ["generation ", String(explained.generation), " of ", foreign(explained.organization)] : ""],
        ]),
    ];
}
