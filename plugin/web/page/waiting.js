// The requests that wait for an answer, and what policy says of each.

import {get, path, post, queryText} from "/files/api.js";
import {button, confirmed, counted, fill, foreign, h, labelled, number, problem, renew, say, table} from "/files/dom.js";
import {ANSWERS, incomplete, kindText, marked, outcomeWords, rosterItem} from "/files/words.js";

const ROWS_AT_ONCE = 200;
const COLUMNS = ["Contact", "User", "User's roster item", "Policy says", "Your answer"];

export function showWaiting(content, signal, {parameters}) {
    const user = parameters.get("user") ?? "";
    fill(content, "Asking the server what waits, and policy what it says …", signal,
        () => get(path("review"), {user}, signal),
        (review) => [forUser(user), review.requests.length === 0
            ? [h("p", {class: "lead"}, "Nothing waits."), incomplete(review)] : new List(review, user, signal).element]);
}

const forUser = (user) => user !== ""
    && h("p", {}, "For ", foreign(user), ". ", h("a", {href: "#/waiting"}, "Look at all users"));

/** The list with its filter, what is chosen in it, and what became of the answers. */
class List {
    constructor(review, user, signal) {
        this.review = review;
        this.user = user;
        this.signal = signal;
        this.chosen = new Set();
        this.outcomes = new Map();  // by request: in words
        this.shown = new Map();     // by request: its box, and the place for the outcome
        this.most = ROWS_AT_ONCE;
        this.text = h("input", {type: "search", input: () => this.filter(), autocomplete: "off", spellcheck: "false"});
        this.says = h("select", {change: () => this.filter()}, h("option", {value: ""}, "anything"),
            ANSWERS.map(([value, label]) => h("option", {value}, label)));
        this.place = h("div");
        this.count = h("p", {role: "status"});
        this.element = [
            h("div", {class: "inline"}, labelled("Contact or user", this.text), labelled("Policy says", this.says)),
            this.count, this.buttons(), this.place, incomplete(review),
        ];
        this.show();
    }

    buttons() {
        this.forChosen = [["approve", "Approve"], ["deny", "Deny"]].map(([answer, words]) =>
            ({words, element: button(words, () => this.answerChosen(answer))}));
        return h("div", {class: "buttons"},
            button("Choose all below", () => this.choose(this.matching())), button("Choose none", () => this.choose([])),
            this.forChosen.map((one) => one.element), button("Answer as the policy says …", () => this.applyPolicy()));
    }

    choose(requests) {
        this.chosen = new Set(requests.filter((one) => !this.outcomes.has(one)));
        this.show();
    }

    /** What the filter hides is not chosen any more: nobody answers what they do not see. */
    filter() {
        this.chosen = new Set(this.matching().filter((one) => this.chosen.has(one)));
        this.show();
    }

    matching() {
        const text = this.text.value.trim().toLowerCase();
        return this.review.requests.filter((one) => (this.says.value === "" || one.answer === this.says.value)
            && (one.contact.toLowerCase().includes(text) || one.user.toLowerCase().includes(text)));
    }

    show() {
        const matching = this.matching();
        this.showCount(matching.length);
        this.shown.clear();
        const more = matching.length - this.most;
        renew(this.place,
            matching.length === 0 ? h("p", {}, "No waiting request matches.")
                : table("Waiting requests", COLUMNS, matching.slice(0, this.most).map((one) => this.row(one)),
                    {captionHidden: true}),
            more > 0 && button(`Show ${number(Math.min(more, ROWS_AT_ONCE))} more`, () => {
                this.most += ROWS_AT_ONCE;
                this.show();
            }));
    }

    showCount(shown = this.matching().length) {
        const all = this.review.requests.length;
        const of = shown === all ? "" : `${number(shown)} of `;
        const answered = this.outcomes.size === 0 ? "" : `, ${number(this.outcomes.size)} of them with an outcome`;
        this.count.textContent = `${of}${counted(all, "request")}${answered}; ${number(this.chosen.size)} chosen.`;
        this.forChosen.forEach(({words, element}) => {
            element.textContent = `${words} the ${this.chosen.size === 0 ? "" : `${number(this.chosen.size)} `}chosen`;
            element.disabled = this.chosen.size === 0;
        });
    }

    row(request) {
        const between = `${request.contact} to ${request.user}`;
        const box = h("input", {type: "checkbox", checked: this.chosen.has(request), disabled: this.outcomes.has(request),
            "aria-label": `Choose the request from ${between}`, change: () => {
                this.chosen[box.checked ? "add" : "delete"](request);
                this.showCount();
            }});
        const why = `#/journal/explain${queryText({user: request.user, contact: request.contact})}`;
        const act = (answer, words) => button(words, () => this.answer([request], answer),
            {"aria-label": `${words} the request from ${between}`});
        const place = h("div", {class: "buttons"},
            this.outcomes.get(request) ?? [act("approve", "Approve"), act("deny", "Deny")]);
        this.shown.set(request, {box, place});
        return [
            h("label", {class: "choice"}, box, foreign(request.contact)),
            foreign(request.user),
            rosterItem(request.item),
            [...kindText(request), " ", h("a", {href: why, "aria-label": `Why? About the request from ${between}`}, "Why?")],
            place,
        ];
    }

    async answerChosen(answer) {
        const chosen = [...this.chosen];
        const what = `${answer === "approve" ? "Approve" : "Deny"} ${counted(chosen.length, "request")}`;
        if (await confirmed(`${what}?`, "Whatever policy says of them. The server applies it at once.", what)) {
            this.answer(chosen, answer);
        }
    }

    /** One after the other, so that leaving the page stops it. */
    async answer(requests, answer) {
        let applied = 0;
        for (const request of requests) {
            if (this.signal.aborted) {
                return;
            }
            this.chosen.delete(request);
            try {
                await post(path("answer"), {user: request.user, contact: request.contact, answer});
                this.became(request, outcomeWords("answered", answer));
                applied += 1;
            } catch (error) {
                this.became(request, marked("bad", error.message));
            }
            say(`${number(applied)} of ${counted(requests.length, "request")} ${answer === "approve" ? "approved" : "denied"}.`);
        }
    }

    /** Only its row is changed, so that the focus stays. */
    became(request, outcome) {
        this.outcomes.set(request, outcome);
        const shown = this.shown.get(request);
        if (shown) {
            shown.box.checked = false;
            shown.box.disabled = true;
            renew(shown.place, outcome);
        }
        this.showCount();
    }

    async applyPolicy() {
        const answers = this.review.requests.filter((one) => one.answer !== "leave").length;
        if (!await confirmed("Answer as the policy says?", [
            `Policy has an answer to ${number(answers)} of ${counted(this.review.requests.length, "waiting request")}; `
                + "the others stay with their users.",
            "It is asked again, of all that wait then, whatever is chosen here.",
        ], "Answer them")) {
            return;
        }
        renew(this.place, h("p", {class: "loading"}, "Answering …"));
        try {
            this.review = await post(path("review"), undefined, {user: this.user}, this.signal);
            this.chosen.clear();
            this.outcomes = new Map(this.review.requests.map((one) => [one, outcomeWords(one.outcome, one.answer)]));
            this.show();
            const done = this.review.requests.filter((one) => one.outcome === "answered").length;
            say(`${counted(done, "request")} answered as the policy says.`);
        } catch (error) {
            if (!this.signal.aborted) {
                renew(this.place, problem(error));
            }
        }
    }
}
