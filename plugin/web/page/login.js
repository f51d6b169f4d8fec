// Logging in: by a link from the machine or from chat, or by a yes in the administrator's own client (XEP-0070).

import {logIn} from "/files/api.js";
import {addressField, button, facts, foreign, h, labelled, problem, renew} from "/files/dom.js";

const ASK_AGAIN_MS = 2000;
const VALID_MS = 10 * 60 * 1000;

/** The network, a proxy or usherd fails for now: the attempt is still there. */
const mayPass = (error) => [0, 502, 503, 504].includes(error.status);

/** Resolves to why the link was refused; empty if it was not. */
export async function logInByLink(token) {
    try {
        await logIn({link: token});
        return "";
    } catch (error) {
        if (error.status === 0) {
            throw error;
        }
        return error.message;
    }
}

/** `done` is called when there is a session; `sentence` says why there is none. */
export function showLogin(content, signal, {sentence, done}) {
    const place = h("div", {class: "card", "aria-live": "polite"});
    renew(content,
        sentence !== "" && h("p", {class: "note", role: "status"}, sentence),
        h("p", {}, "Usher answers contact requests by policy. Its administrators log in here, without a password."),
        h("section", {class: "card"},
            h("h2", {}, "By a link"),
            facts([["On the machine", [h("code", {}, "usherctl web"), " prints a link."]],
                ["In chat", ["Send ", h("code", {}, "web"), " to Usher."]]]),
            h("p", {class: "hint"}, "A link is valid once, for ten minutes.")),
        place);
    askAddress(place, signal, done);
}

function askAddress(place, signal, done, error = null, given = "") {
    const address = addressField(given, {name: "address", required: true, autocomplete: "username"});
    const submit = h("button", {type: "submit", class: "primary"}, "Ask my client");
    renew(place,
        h("h2", {}, "By your address"),
        error && problem(error),
        h("form", {submit: async (event) => {
            event.preventDefault();
            submit.disabled = true;
            try {
                const asked = await logIn({address: address.value.trim()});
                waitForClient(place, signal, done, address.value.trim(), asked);
            } catch (refused) {
                askAddress(place, signal, done, refused, address.value);
            }
        }},
        labelled("Your XMPP address", address, "Usher asks your client whether it is you. Be online with it."), submit));
}

/** Asks usherd every two seconds whether the client has confirmed. */
async function waitForClient(place, signal, done, address, {code, confirmation}) {
    let cancelled = false;
    const ends = performance.now() + VALID_MS;
    const heading = h("h2", {tabindex: "-1"}, "Your client asks you now; compare the code");
    place.replaceChildren(heading,
        h("p", {class: "code"}, code),
        h("p", {}, "Say yes in the client of ", foreign(address), " only if it shows this code. "
            + "An address that administers nothing is not asked."),
        button("Cancel", () => {
            cancelled = true;
            askAddress(place, signal, done, null, address);
        }));
    heading.focus();
    while (!signal.aborted && !cancelled) {
        await new Promise((resolve) => { setTimeout(resolve, ASK_AGAIN_MS); });
        try {
            if (!cancelled && !signal.aborted && (await logIn({confirmation})).csrf && !signal.aborted) {
                done();
                return;
            }
        } catch (error) {
            if (mayPass(error) && performance.now() < ends) {
                continue;
            }
            if (!cancelled) {
                askAddress(place, signal, done, error, address);
            }
            return;
        }
    }
}
