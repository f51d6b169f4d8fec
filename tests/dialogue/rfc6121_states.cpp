// RFC 6121 Appendix A, cell by cell: each subscription stanza, in both directions, in each of the nine
// states. The server by itself does what the RFC says, known deviations apart. With Usher each cell gives the
// same stanzas as without, except that a new request which the option approves is answered at once (S10 to
// S12, S36, S47).
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <ostream>
#include <sstream>

#include "rfc6121.h"
#include "stage.h"
#include "transcript.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

/// Who approves the request of a cell.
enum class Approval { none, by_user, by_usher };

/// One row of one table, with people of its own.
struct Cell {
    const Table* table;
    const Row* row;
    Approval approval = Approval::none;

    friend std::ostream& operator<<(std::ostream& out, const Cell& cell)
    {
        return out << cell.table->section << ' '
                   << (cell.table->direction == Direction::outbound ? "outbound " : "inbound ")
                   << cell.table->type << " in " << cell.row->existing;
    }
};

/// For the cell's people, so that every message names it.
std::string local_part(const Cell& cell)
{
    std::ostringstream words;
    words << cell << (cell.approval == Approval::by_user ? " by hand" : "");
    std::string name;
    for (const char c : words.str()) {
        if (c != '+') {
            name += c == ' ' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    return name;
}

std::string user_of(const Cell& cell)
{
    return local_part(cell) + "@capulet.lit";
}

/// Of a component, which keeps no roster: any stanza can come from there in any state.
std::string contact_of(const Cell& cell)
{
    return local_part(cell) + "@" + kGossip;
}

bool is_new_request(const Cell& cell)
{
    return cell.table->section == "A.3.1" && cell.row->next;
}

std::vector<Cell> all_cells()
{
    std::vector<Cell> cells;
    for (const Table& table : appendix_a()) {
        for (const Row& row : table.rows) {
            cells.push_back({&table, &row});
        }
    }
    return cells;
}

/// A stanza of one of the two.
struct Sent {
    Direction direction;
    std::string type;
};

/// How two who know nothing of each other get into that state.
std::vector<Sent> way_to(const State& state)
{
    const bool to = state.subscription == "to" || state.subscription == "both";
    const bool from = state.subscription == "from" || state.subscription == "both";
    std::vector<Sent> way;
    if (to || state.pending_out) {
        way.push_back({Direction::outbound, "subscribe"});
    }
    if (to) {
        way.push_back({Direction::inbound, "subscribed"});
    }
    if (from || state.pending_in) {
        way.push_back({Direction::inbound, "subscribe"});
    }
    if (from) {
        way.push_back({Direction::outbound, "subscribed"});
    }
    return way;
}

/// What the two received.
struct Received {
    std::vector<Element> user;
    std::vector<Element> contact;
};

struct Outcome {
    State before;
    Received dialogue;    ///< from the cell's stanza on
    Received next_login;  ///< the user's, and what the contact is told of the user's leaving and coming
    State after;
};

/// Plays all cells side by side.
class Play
{
  public:
    Play(Stage& stage, const std::vector<Cell>& cells)
        : stage_(stage),
          cells_(cells),
          outcomes_(cells.size()),
          contacts_(stage.server().component_port(), kGossip)
    {
        contacts_.connect();
        for (const Cell& cell : cells_) {
            users_.push_back(&stage_.person(user_of(cell)));
        }
    }

    std::vector<Outcome> outcomes()
    {
        log_in();
        reach_states();
        log_out();
        log_in();
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            outcomes_[i].before = state_at_login(users_[i]->take_received(), contact_of(cells_[i]));
        }
        contacts_.take_received();

        play_cells();
        take_received(&Outcome::dialogue);

        log_out();
        log_in();
        take_received(&Outcome::next_login);
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            outcomes_[i].after = state_at_login(outcomes_[i].next_login.user, contact_of(cells_[i]));
        }
        return std::move(outcomes_);
    }

  private:
    void log_in()
    {
        for (WireClient* user : users_) {
            user->take_received();
            user->connect();
            user->appear();
        }
        settle();
    }

    void log_out()
    {
        for (WireClient* user : users_) {
            user->send("</stream:stream>");
        }
        for (WireClient* user : users_) {
            user->expect_end();
        }
        round_trip({&contacts_});
    }

    void settle()
    {
        std::vector<Client*> all(users_.begin(), users_.end());
        all.push_back(&contacts_);
        round_trip(all);
        stage_.settle();
        round_trip(all);
    }

    void send(std::size_t i, const Sent& stanza)
    {
        if (stanza.direction == Direction::outbound) {
            users_[i]->send(to(contact_of(cells_[i]), stanza.type));
        } else {
            contacts_.send("<presence type='" + stanza.type + "' from='" + contact_of(cells_[i]) + "' to='" +
                           user_of(cells_[i]) + "'/>");
        }
    }

    void reach_states()
    {
        std::vector<std::vector<Sent>> ways;
        std::size_t longest = 0;
        for (const Cell& cell : cells_) {
            ways.push_back(way_to(cell.row->existing));
            longest = std::max(longest, ways.back().size());
        }
        for (std::size_t step = 0; step < longest; ++step) {
            for (std::size_t i = 0; i < cells_.size(); ++i) {
                if (step < ways[i].size()) {
                    send(i, ways[i][step]);
                }
            }
            settle();
        }
    }

    void play_cells()
    {
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            send(i, {cells_[i].table->direction, cells_[i].table->type});
        }
        settle();
        std::vector<Matcher> approvals;
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            if (cells_[i].approval == Approval::by_user) {
                send(i, {Direction::outbound, "subscribed"});
            }
            if (cells_[i].approval != Approval::none) {
                approvals.push_back(presence("subscribed", user_of(cells_[i])));
            }
        }
        contacts_.expect_all(approvals);
        settle();
    }

    void take_received(Received Outcome::* part)
    {
        const std::vector<Element> by_contacts = contacts_.take_received();
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            Received& received = outcomes_[i].*part;
            received.user = users_[i]->take_received();
            std::copy_if(
                by_contacts.begin(), by_contacts.end(), std::back_inserter(received.contact),
                [&](const Element& stanza) { return stanza.attribute("to") == contact_of(cells_[i]); });
        }
    }

    Stage& stage_;
    const std::vector<Cell>& cells_;
    std::vector<Outcome> outcomes_;
    WireComponent contacts_;
    std::vector<WireClient*> users_;
};

Processing observed(const Cell& cell, const Outcome& outcome)
{
    const auto received = [](const std::vector<Element>& stanzas, const std::string& type,
                             const std::string& from) {
        return std::any_of(stanzas.begin(), stanzas.end(), presence(type, from).matches);
    };
    const bool outbound = cell.table->direction == Direction::outbound;
    Processing processing;
    processing.next = outcome.after;
    processing.passed_on = outbound ? received(outcome.dialogue.contact, cell.table->type, user_of(cell))
                                    : received(outcome.dialogue.user, cell.table->type, contact_of(cell));
    for (const std::string type : {"subscribed", "unsubscribed"}) {
        if (!outbound && received(outcome.dialogue.contact, type, user_of(cell))) {
            processing.auto_reply = type;
        }
    }
    return processing;
}

/// Without names, so that people of different cells can be compared.
std::string text(const Cell& cell, const Outcome& outcome)
{
    std::string all = "user:\n" + transcript(outcome.dialogue.user) + "contact:\n" +
                      transcript(outcome.dialogue.contact) + "user, at the next login:\n" +
                      transcript(outcome.next_login.user) + "contact, meanwhile:\n" +
                      transcript(outcome.next_login.contact);
    for (const auto& [address, role] : {std::pair{user_of(cell), "USER"}, {contact_of(cell), "CONTACT"}}) {
        for (auto at = all.find(address); at != std::string::npos; at = all.find(address, at)) {
            all.replace(at, address.size(), role);
        }
    }
    return all;
}

// --- Without Usher

ServerOptions without_usher()
{
    ServerOptions options;
    options.components = {kGossip};
    return options;
}

Processing expected_of(const Server& server, const Cell& cell)
{
    const std::vector<Deviation>& known = known_deviations();
    const auto deviation = std::find_if(known.begin(), known.end(), [&](const Deviation& each) {
        return each.server == server.name() && each.section == cell.table->section &&
               each.existing == cell.row->existing;
    });
    return deviation == known.end() ? processing(*cell.row) : deviation->actual;
}

// --- With Usher

struct Setting {
    std::string name;
    UsherdOptions usherd;
    /// Whether a new request in that state is approved.
    bool (*approves)(const State& existing);

    friend std::ostream& operator<<(std::ostream& out, const Setting& setting) { return out << setting.name; }
};

/// The contacts' domain, gossip.capulet.lit, is of the organisation only where it is named.
std::vector<Setting> settings()
{
    const auto never = [](const State&) { return false; };
    const auto always = [](const State&) { return true; };
    const auto asked_for = [](const State& state) { return state.pending_out || state.subscription == "to"; };
    const std::string option_alone = "approve_contacts_users_asked_for = false\n";
    const std::vector<std::string> own = {"capulet.lit"};
    const std::vector<std::string> own_and_contacts = {"capulet.lit", kGossip};
    return {
        {"prompt", {.domains = own, .option = "prompt", .organization = option_alone}, never},
        {"organization, contacts from outside",
         {.domains = own, .option = "organization", .organization = option_alone},
         never},
        {"organization, colleagues",
         {.domains = own_and_contacts, .option = "organization", .organization = option_alone},
         always},
        {"all", {.domains = own, .option = "all", .organization = option_alone}, always},
        {"prompt, but for contacts whom the user has asked to see",
         {.domains = own, .option = "prompt"},
         asked_for},
    };
}

/// No request waits where the option approves all, nor could a cell begin in such a state: it is a rule that
/// leaves those to the user.
UsherdOptions with_pending_requests(const Setting& setting, const std::vector<Cell>& cells)
{
    std::vector<std::string> contacts;
    for (const Cell& cell : cells) {
        State before = cell.row->existing;
        before.pending_in = false;
        if (cell.row->existing.pending_in && setting.approves(before)) {
            contacts.push_back(contact_of(cell));
        }
    }
    UsherdOptions options = setting.usherd;
    if (!contacts.empty()) {
        options.organization += rule(contacts, "leave");
    }
    return options;
}

/// The same cells without Usher, and those with a new request once more, approved by the user's client.
struct Reference {
    std::vector<Cell> cells = all_cells();
    std::vector<Outcome> outcomes;

    Reference()
    {
        for (Cell cell : all_cells()) {
            if (is_new_request(cell)) {
                cell.approval = Approval::by_user;
                cells.push_back(cell);
            }
        }
        Stage stage(without_usher());
        outcomes = Play(stage, cells).outcomes();
    }
};

std::string expected_text(const Reference& reference, const Cell& cell)
{
    const auto same = std::find_if(reference.cells.begin(), reference.cells.end(), [&](const Cell& each) {
        return each.row == cell.row && (each.approval == Approval::none) == (cell.approval == Approval::none);
    });
    Outcome outcome = reference.outcomes[static_cast<std::size_t>(same - reference.cells.begin())];
    if (cell.approval != Approval::none) {
        // What a request that Usher approves does not need: the prompt, and the acknowledgement of receipt.
        std::erase_if(outcome.dialogue.user, presence("subscribe", contact_of(*same)).matches);
        std::erase_if(outcome.dialogue.contact, presence("unavailable", user_of(*same)).matches);
        for (Element& stanza : outcome.dialogue.contact) {
            if (is_presence(stanza, "subscribed")) {
                stanza.remove_attribute("xml:lang");  // of the user's client; the answer has no words
            }
        }
    }
    return text(*same, outcome);
}

/// How many of this user's requests Usher is to be asked about: those that are new to the server.
std::size_t new_requests(const Cell& cell)
{
    const std::vector<Sent> way = way_to(cell.row->existing);
    const auto before = std::count_if(way.begin(), way.end(), [](const Sent& stanza) {
        return stanza.direction == Direction::inbound && stanza.type == "subscribe";
    });
    return static_cast<std::size_t>(before) + (is_new_request(cell) ? 1U : 0U);
}

/// How many it has decided, by its log.
std::size_t decisions(const std::string& log, const Cell& cell)
{
    const std::string words = " for " + user_of(cell) + ", contact of ";
    std::size_t count = 0;
    for (auto at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) {
        ++count;
    }
    return count;
}

void compare(Login login, const Setting& setting)
{
    static const Reference reference;

    std::vector<Cell> cells = all_cells();
    std::size_t approved = 0;
    for (Cell& cell : cells) {
        if (is_new_request(cell) && setting.approves(cell.row->existing)) {
            cell.approval = Approval::by_usher;
            ++approved;
        }
    }
    UsherStage stage(login, with_pending_requests(setting, cells));
    const std::vector<Outcome> outcomes = Play(stage, cells).outcomes();
    const std::string log = stage.usherd().log_text();
    std::size_t differences = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        BOOST_TEST(outcomes[i].before == cells[i].row->existing,
                   cells[i] << " began in " << outcomes[i].before);
        const std::size_t decided = decisions(log, cells[i]);
        BOOST_TEST(decided == new_requests(cells[i]),
                   cells[i] << ": " << decided << " requests decided of " << new_requests(cells[i]));
        const std::string actual = text(cells[i], outcomes[i]);
        const std::string expected = expected_text(reference, cells[i]);
        differences += actual == expected ? 0U : 1U;
        BOOST_TEST(actual == expected, cells[i] << "\nwith Usher:\n" << actual << "\nwithout:\n" << expected);
    }
    BOOST_TEST_MESSAGE(setting << " (" << login << "): " << cells.size() << " cells, " << approved
                               << " of them approved, " << differences << " differences");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rfc6121_states)

BOOST_AUTO_TEST_SUITE(server)
BOOST_AUTO_TEST_CASE(does_what_appendix_a_says)
{
    const std::vector<Cell> cells = all_cells();
    Stage stage(without_usher());
    const std::vector<Outcome> outcomes = Play(stage, cells).outcomes();
    std::size_t deviations = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        BOOST_TEST(outcomes[i].before == cells[i].row->existing,
                   cells[i] << " began in " << outcomes[i].before);
        const Processing actual = observed(cells[i], outcomes[i]);
        const Processing expected = expected_of(stage.server(), cells[i]);
        BOOST_TEST(actual == expected, cells[i] << " was " << actual << "; expected: " << expected);
        deviations += actual == processing(*cells[i].row) ? 0U : 1U;
    }
    BOOST_TEST_MESSAGE(stage.server().name()
                       << ": " << cells.size() << " cells, " << deviations << " deviations from RFC 6121");
}
BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(account)
BOOST_DATA_TEST_CASE(only_the_answerer_differs, bdata::make(settings()), setting)
{
    compare(Login::account, setting);
}
BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(component)
BOOST_DATA_TEST_CASE(only_the_answerer_differs, bdata::make(settings()), setting)
{
    compare(Login::component, setting);
}
BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
