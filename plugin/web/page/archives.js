// Of General IM: what an organization wants for its users' message archives, and who has it. Only the settings file changes it.

import {get, path} from "/files/api.js";
import {fill, foreign, h, number, table, time} from "/files/dom.js";
import {part} from "/files/general_parts.js";
import {ARCHIVE_STATES, ARCHIVES_NOT_COVERED, archiveWish} from "/files/words.js";

export function archivesPart({archive, organization}, signal) {
    const wish = h("p", {}, archiveWish(archive));
    if (archive.default === "server") {
        return part("Message archives", archive.source, wish);
    }
    const place = h("div");
    fill(place, "Counting who has it …", signal, () => get(path("archive"), {organization}, signal), showArchives);
    return part("Message archives", archive.source,
        h("p", {class: "hint"}, "Changed in the settings file only."), wish, place, h("p", {}, ARCHIVES_NOT_COVERED));
}

function showArchives({organizations}) {
    const all = organizations.flatMap(({domains}) => domains);
    const columns = ["Domain", ...ARCHIVE_STATES.map(([, label]) => label), "Accounts last listed"];
    const rows = all.map(({domain, archive}) => [foreign(domain),
        ...ARCHIVE_STATES.map(([state]) => number(archive.accounts[state])),
        archive.listed ? time(archive.listed) : "not since the start"]);
    return [all.map(remarks), table("Accounts by what they have", columns, rows)];
}

/** What the numbers alone do not say. */
function remarks({domain, archive}) {
    return [
        archive.problem && h("p", {class: "note"}, foreign(domain), `: the last problem: ${archive.problem}`),
        archive.known_only && h("p", {class: "note"}, foreign(domain), ": the server cannot list its accounts, so only those "
            + "known to usherd are set: people who can be found, and users who change their preferences."),
        archive.server_default && h("p", {class: "hint"}, foreign(domain),
            `: accounts without a preference have the server's default, "${archive.server_default}".`),
    ];
}
