// Of General IM: what an organization wants for its users' message archives, and who has it. Only the settings file changes it.

import {get, path} from "/files/api.js";
import {fill, foreign, h, number, table, time} from "/files/dom.js";
import {part} from "/files/general_parts.js";
import {ARCHIVE_STATES, ARCHIVES_NOT_COVERED, archiveWish} from "/files/words.js";

const MOST_REMARKS = 10;  // domains

export function archivesPart({archive, organization}, signal) {
    const wish = h("p", {}, archiveWish(archive));
    if (archive.default === "server") {
        return part("Message archives", archive.source, wish);
    }
    const place = h("div");
    fill(place, "Counting the accounts …", signal, () => get(path("archive"), {organization}, signal), showArchives);
    return part("Message archives", archive.source,
        h("p", {class: "hint"}, "Changed in the settings file only."), wish, place, h("p", {}, ARCHIVES_NOT_COVERED));
}

function showArchives({organizations}) {
    const all = organizations.flatMap(({domains}) => domains);
    const columns = ["Domain", ...ARCHIVE_STATES.map(([, label]) => label), "Server's default", "Accounts last listed"];
    const rows = all.map(({domain, archive}) => [foreign(domain),
        ...ARCHIVE_STATES.map(([state]) => number(archive.accounts[state])), archive.server_default ?? "", listed(archive)]);
    const remarked = all.filter(({archive}) => archive.problem || archive.known_only);
    const more = remarked.length - MOST_REMARKS;
    return [remarked.slice(0, MOST_REMARKS).map(remarks),
        more > 0 && h("p", {class: "note"}, `There are remarks on ${more} more: see "usherctl archive" on Usher's machine.`),
        table("Accounts by archiving preference", columns, rows)];
}

function listed(archive) {
    if (archive.listed) {
        return time(archive.listed);
    }
    return archive.known_only ? "cannot be listed" : "not yet since usherd was started";
}

/** What the numbers alone do not say. */
function remarks({domain, archive}) {
    return [
        archive.problem && h("p", {class: "note"}, foreign(domain), `: the last attempt failed: ${archive.problem}`),
        archive.known_only && h("p", {class: "note"}, foreign(domain), ": the server cannot list its accounts, so the preference is "
            + "set only for people who can be found, and for users who change their preferences."),
    ];
}
