// The documented API, as the session's actor. What an actor may do is decided by usherd alone.

/** What usherd refused, or why it could not be asked; the message is for people. */
class Refused extends Error {
    constructor(message, status) {
        super(message);
        this.status = status;
    }
}

let session = null;
let ended = () => {};

export const currentSession = () => session;
/** Called with a sentence when usherd says that there is no session any more. */
export const onEnded = (call) => { ended = call; };

/** Everything but RFC 3986's unreserved characters, as the API wants it. */
const encoded = (text) => encodeURIComponent(text).replace(/[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/** A path of these parts. */
export const path = (...parts) => `/v1/${parts.map(encoded).join("/")}`;

/** `?a=b`, without what is empty. */
export function queryText(query = {}) {
    const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
    return pairs.length === 0 ? "" : `?${pairs.map(([name, value]) => `${name}=${encoded(String(value))}`).join("&")}`;
}

async function sentenceOf(reply) {
    try {
        return (await reply.json()).error;
    } catch {
        return `usherd, or a proxy before it, replied ${reply.status} without a reason.`;
    }
}

async function ask(method, resource, {query, body, signal} = {}) {
    const headers = {};
    if (body !== undefined) {
        headers["Content-Type"] = "application/json";
    }
    if (method !== "GET" && session) {
        headers["X-CSRF-Token"] = session.csrf;
    }
    let reply = null;
    try {
        reply = await fetch(resource + queryText(query), {method, headers, body: JSON.stringify(body), signal});
    } catch (error) {
        throw signal?.aborted ? error
            : new Refused("usherd does not reply. Is it running, and can it be reached from here?", 0);
    }
    if (reply.ok) {
        return reply;
    }
    const sentence = await sentenceOf(reply);
    if (reply.status === 401 && session) {
        session = null;
        ended("You are logged out: the session has ended, because nothing was done for an hour, it was twelve hours "
            + "old, or somebody ended it.");
    }
    throw new Refused(sentence, reply.status);
}

const jsonOf = async (reply) => (reply.status === 204 ? null : reply.json());

export const get = async (resource, query, signal) => jsonOf(await ask("GET", resource, {query, signal}));
export const post = async (resource, body, query, signal) => jsonOf(await ask("POST", resource, {query, body, signal}));
export const put = async (resource, body) => jsonOf(await ask("PUT", resource, {body}));
export const remove = async (resource) => jsonOf(await ask("DELETE", resource));

/** A list that comes as a JSON object on each line. */
export async function lines(resource, query, signal) {
    const text = await (await ask("GET", resource, {query, signal})).text();
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

// --- Sessions

export async function resumeSession() {
    try {
        session = await get("/v1/session");
    } catch (error) {
        if (error.status !== 401) {
            throw error;
        }
    }
    return session;
}

/** With a link's token, an address, or the confirmation that is waited for. Resolves to the reply. */
export async function logIn(proof) {
    const reply = await ask("POST", "/v1/session", {body: proof});
    const answer = await reply.json();
    if (reply.status === 200) {
        session = answer;
    }
    return answer;
}

export async function logOut() {
    await remove("/v1/session");
    session = null;
}
