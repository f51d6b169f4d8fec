// Elements, and the small parts that every view is made of. Text is always set as text, never read as HTML.

/**
 * An element. An attribute that is a function listens to the event of its name; true and false set or leave out the
 * attribute. Children are nodes and texts, in lists of any depth; null and false are left out.
 */
export function h(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (typeof value === "function") {
            element.addEventListener(name, value);
        } else if (typeof value === "boolean") {
            element.toggleAttribute(name, value);
        } else if (value !== null && value !== undefined) {
            element.setAttribute(name, value);
        }
    }
    element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false)
        .map((child) => (typeof child === "string" ? printable(child) : child)));
    return element;
}

/** As in a terminal: nothing that strangers chose may reverse or hide what stands there. Lines may end. */
const printable = (text) => text.replace(/[^\P{Cc}\n]|[\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, "\ufffd");

let lastId = 0;
export const newId = (prefix) => `${prefix}-${++lastId}`;

/** An address or another text from strangers: its direction does not reach what stands around it. */
export const foreign = (text) => h("bdi", {class: "foreign"}, text);

const two = (number) => String(number).padStart(2, "0");

/** Local time as usherctl writes it; the title has the UTC. */
export function time(stamp) {
    const at = new Date(stamp);
    if (Number.isNaN(at.getTime())) {
        return h("span", {}, String(stamp));
    }
    const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    return h("time", {datetime: stamp, title: `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`},
        `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`);
}

export const number = (count) => Number(count).toLocaleString("en");
export const counted = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
export const wait = (count) => counted(count, "request waits", "requests wait");

export function button(text, click, attributes = {}) {
    return h("button", {type: "button", click, ...attributes}, text);
}

/** A label above its control. */
export function labelled(text, control, hint = "") {
    control.id ||= newId("control");
    const described = hint !== "" && newId("hint");
    if (described) {
        control.setAttribute("aria-describedby", described);
    }
    return h("div", {class: "field"}, h("label", {for: control.id}, text),
        described && h("p", {class: "hint", id: described}, hint), control);
}

/** A field for addresses: one of type email would refuse resources, and turn domains into punycode. */
export const addressField = (value = "", more = {}) => h("input", {type: "text", inputmode: "email", value,
    spellcheck: "false", autocapitalize: "none", autocomplete: "off", ...more});

/** Radio buttons or check boxes; `choices` are pairs of value and label. */
export function choices(type, name, pairs, isChosen, change) {
    return pairs.map(([value, label]) => h("label", {class: "choice"},
        h("input", {type, name, value, checked: isChosen(value), change: (event) => change(value, event.target.checked)}),
        h("span", {}, label)));
}

/**
 * A table; on a phone each row becomes a card, unless it is one of numbers. The roles are said because cards would lose
 * them. A row is a list of cells; its first is the row's heading if `headed`.
 */
export function table(caption, columns, rows, {headed = true, kind = "cards", captionHidden = false} = {}) {
    return h("table", {class: kind, role: "table"},
        h("caption", {class: captionHidden ? "unseen" : null}, caption),
        h("thead", {role: "rowgroup"}, h("tr", {role: "row"},
            columns.map((column) => h("th", {scope: "col", role: "columnheader"}, column)))),
        h("tbody", {role: "rowgroup"}, rows.map((cells) => row(cells, columns, headed))));
}

export function row(cells, columns, headed = true) {
    return h("tr", {role: "row"}, cells.map((cell, i) => h(headed && i === 0 ? "th" : "td", {
        scope: headed && i === 0 ? "row" : null,
        role: headed && i === 0 ? "rowheader" : "cell",
        "data-label": typeof columns[i] === "string" ? columns[i] : null,
    }, cell)));
}

/** Pairs of a name and what it is; pairs without a value are left out. */
export function facts(pairs) {
    return h("dl", {class: "facts"}, pairs.filter(([, value]) => value !== null && value !== "" && value !== undefined)
        .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** Says in the page's status line what has happened; also to screen readers. */
export function say(text) {
    const line = document.getElementById("status");
    line.replaceChildren(...(text === "" ? [] : [h("p", {}, text), button("Close", () => line.replaceChildren())]));
}

/** Why something failed, in the API's own words. */
export function problem(error, again = null, label = "Try again") {
    return h("div", {class: "problem", role: "alert"}, h("p", {}, error.message), again && button(label, again));
}

/** Replaces what is in `place`. The focus, if it was in there, stays at the place: the keyboard goes on from it. */
export function renew(place, ...content) {
    const focused = place.contains(document.activeElement);
    place.replaceChildren(...content.flat(Infinity).filter(Boolean));
    if (focused) {
        place.tabIndex = -1;
        place.focus({preventScroll: true});
    }
}

/**
 * Puts into `place` what `show` makes of what `load` fetches: meanwhile a sentence, and after a failure its reason with
 * "Try again". Nothing is shown any more once `signal` says that the view was left.
 */
export async function fill(place, sentence, signal, load, show) {
    renew(place, h("p", {class: "loading"}, sentence));
    try {
        const loaded = await load();
        if (!signal.aborted) {
            renew(place, show(loaded));
        }
    } catch (error) {
        if (!signal.aborted) {
            renew(place, problem(error, () => fill(place, sentence, signal, load, show)));
        }
    }
}

/** Asks in a dialog; resolves to whether `yes` was pressed. */
export function confirmed(title, text, yes) {
    return new Promise((resolve) => {
        const heading = newId("dialog");
        const dialog = h("dialog", {"aria-labelledby": heading, close: () => {
            dialog.remove();
            resolve(dialog.returnValue === "yes");
        }},
        h("h2", {id: heading}, title), [text].flat().map((one) => h("p", {}, one)),
        h("div", {class: "buttons"},
            button(yes, () => dialog.close("yes"), {class: "primary"}),
            button("Cancel", () => dialog.close("no"), {autofocus: true})));
        document.body.append(dialog);
        dialog.showModal();
    });
}
