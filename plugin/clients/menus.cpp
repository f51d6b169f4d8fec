#include "plugin/clients/menus.h"

#include <algorithm>
#include <sstream>

#include "integration/base/digest.h"
#include "plugin/clients/exceptions_menu.h"
#include "plugin/clients/form_parts.h"
#include "plugin/clients/words.h"
#include "plugin/people/person_fields.h"
#include "plugin/settings/syntax.h"
#include "plugin/text/archive_words.h"
#include "plugin/text/lists.h"
#include "plugin/text/timestamp.h"

namespace usher
{

namespace
{

using Type = FormField::Type;

constexpr std::size_t kMaxLines = 100;

FormField fixed(std::string text)
{
    FormField field;
    field.type = Type::fixed;
    field.values = {std::move(text)};
    return field;
}

FormField account(std::string var, std::string label)
{
    FormField account = form_field(Type::jid_single, std::move(var), std::move(label));
    account.account = true;
    return account;
}

FormField boolean(std::string var, std::string label, bool value)
{
    FormField boolean = form_field(Type::boolean, std::move(var), std::move(label));
    boolean.values = {value ? "1" : "0"};
    return boolean;
}

/// The three sentences.
FormField option_field(std::string label, Option chosen)
{
    FormField list = form_field(Type::list_single, "option", std::move(label));
    list.required = true;
    list.values = {std::string(name(chosen))};
    for (const Option option : kOptions) {
        list.choices.push_back({std::string(name(option)), std::string(sentence(option))});
    }
    return list;
}

std::string between(const SubscriptionRequest& request)
{
    return request.contact.text() + " to " + request.user.text();
}

/// As many lines as fit, and a note if there are more. Not a XEP-0004 table, because profanity does not show
/// those.
CommandResult list_of(std::string_view name, std::string title, const std::vector<std::string>& lines,
                      bool more)
{
    FormField list = form_field(Type::text_multi, "lines", title);
    std::size_t bytes = 0;
    for (const std::string& line : lines) {
        bytes += line.size() + 20;  // for the element around it
        if (bytes > kMaxFormBytes || list.values.size() == kMaxLines) {
            more = true;
            break;
        }
        list.values.push_back(line);
    }
    if (list.values.empty()) {
        return done("There are none.");
    }
    CommandResult result;
    if (more) {
        result.notes.push_back(
            {CommandNote::Type::warn,
             "There are more than the " + std::to_string(list.values.size()) + " shown here."});
    }
    DataForm form = form_named(name, std::move(title));
    form.fields = {std::move(list)};
    result.payload = std::move(form);
    return result;
}

// --- Options for contact list requests

constexpr const char* kOptionsTitle = "Options for contact list requests";
constexpr const char* kDefault = "default";

std::optional<std::string> may_not_choose(const Operations& operations, const Address& user)
{
    const auto may = operations.may_choose(Actor::sender(user), user);
    return may ? std::nullopt : std::optional(may.error().text);
}

/// Answers the user's waiting requests by the option that they have saved.
void answer_waiting(Operations& operations, const Address& user, const std::string& confirmed,
                    const CommandReply& reply)
{
    operations.review(Actor::sender(user), user, true, [reply, confirmed](const Result<Review>& review) {
        CommandResult result = done(confirmed);
        if (review) {
            result.notes.push_back({CommandNote::Type::info, describe(*review)});
        } else {
            result.notes.push_back(
                {CommandNote::Type::warn, "The waiting requests were not answered: " + review.error().text});
        }
        reply(std::move(result));
    });
}

void save_option(Operations& operations, const Address& user, const CommandInput& input,
                 const CommandReply& reply)
{
    // "default" is not the name of an option: option_named gives nothing, which resets the choice.
    operations.choose(Actor::sender(user), user, option_named(input.values.one("option")),
                      [&operations, user, reply,
                       also_waiting = input.values.flag("answer_waiting")](const Result<UserOption>& saved) {
                          if (!saved) {
                              return reply(command_refusal(saved.error()));
                          }
                          const std::string confirmed =
                              "Saved. From the next request on: " + std::string(sentence(saved->in_force)) +
                              ".";
                          if (!also_waiting) {
                              return reply(done(confirmed));
                          }
                          answer_waiting(operations, user, confirmed, reply);
                      });
}

/// The basis says whether there was a choice to take back, so that this can be submitted twice. The option in force stands
/// above the list, too: Gajim cuts it there before the words in which two of the sentences differ.
CommandForm option_form(const UserOption& option, const std::string& basis)
{
    DataForm form = form_named("options", kOptionsTitle);
    form.instructions = {"What happens when somebody asks to see when you are online. Now: " +
                         std::string(sentence(option.in_force)) + "."};
    FormField list = option_field("Contact list requests", option.in_force);
    const bool may_take_back = option.chosen || basis == kDefault;
    if (may_take_back) {
        list.choices.push_back({kDefault, "The option of " + option.organization + ": " +
                                              std::string(sentence(option.of_organization))});
    }
    form.fields = {std::move(list),
                   boolean("answer_waiting", "Also answer requests that are already waiting", false)};
    return {.form = std::move(form), .basis = may_take_back ? kDefault : ""};
}

void ask_option(Operations& operations, const Address& user, const std::string& basis,
                const CommandFormReply& reply)
{
    operations.option(Actor::sender(user), user, [basis, reply](const Result<UserOption>& option) {
        if (option) {
            reply(option_form(*option, basis));
        } else {
            reply(command_refusal(option.error()));
        }
    });
}

// --- General IM

/// What a form showed: what the user has changed is told from it when the form comes back. Somebody else may have changed
/// the settings meanwhile.
struct ShownGeneral {
    bool users_may_choose = false;
    bool can_reset = false;
    std::string option;
    std::string domains;     ///< see digest_of
    std::string federation;  ///< see digest_of
    std::string organization;
};

/// There may be more domains than fit into the basis of a form.
std::string digest_of(std::vector<std::string> domains)
{
    std::sort(domains.begin(), domains.end());
    return sha256(joined(domains));
}

/// Short: the basis travels with the form.
std::string digest_of(const Federation& federation)
{
    constexpr std::size_t kEnough = 16;
    return sha256(to_text(federation)).substr(0, kEnough);
}

ShownGeneral shown_of(const GeneralIm& general)
{
    return {general.users_may_choose.value,
            general.users_may_choose.saved || general.option.saved || general.domains.saved ||
                general.federation.saved,
            std::string(name(general.option.value)),
            digest_of(general.domains.value),
            digest_of(general.federation.value),
            general.organization};
}

std::string basis_of(const ShownGeneral& shown)
{
    return std::to_string(int{shown.users_may_choose}) + " " + std::to_string(int{shown.can_reset}) + " " +
           shown.option + " " + shown.domains + " " + shown.federation + " " + shown.organization;
}

ShownGeneral shown_from(const std::string& basis)
{
    ShownGeneral shown;
    std::istringstream text(basis);
    text >> shown.users_may_choose >> shown.can_reset >> shown.option >> shown.domains >> shown.federation >>
        std::ws;
    std::getline(text, shown.organization);
    return shown;
}

constexpr std::pair<FederationMode, const char*> kFederationModes[] = {
    {FederationMode::open, "Handle them like all others"},
    {FederationMode::closed, "Shut them out"},
    {FederationMode::listed, "Shut them out, but for the domains below"},
};

void add_federation(DataForm& form, const Sourced<Federation>& federation)
{
    FormField mode = form_field(Type::list_single, "federation", "Requests from other domains (federation)");
    mode.values = {std::string(name(federation.value.mode))};
    for (const auto& [value, label] : kFederationModes) {
        mode.choices.push_back({std::string(name(value)), label});
    }
    FormField domains =
        form_field(Type::text_multi, "federation_domains",
                   "Other domains that are let in, one a line; *.example.net is all below example.net");
    for (const Pattern& domain : federation.value.domains.patterns()) {
        domains.values.push_back(to_string(domain));
    }
    FormField answer = form_field(Type::list_single, "federation_answer", "Requests that are shut out");
    answer.values = {std::string(name(federation.value.answer))};
    answer.choices = {{std::string(name(Answer::leave)), "Leave them to the user"},
                      {std::string(name(Answer::deny)), "Deny them"}};
    form.fields.insert(form.fields.end(), {std::move(mode), std::move(domains), std::move(answer),
                                           fixed("Source: " + federation.source)});
}

/// Only to be read. Without a wish there is nothing to count.
void add_archives(DataForm& form, const Sourced<ArchiveWish>& wish, const OrganizationArchives& archives)
{
    form.fields.push_back(fixed("Message archives (only the settings file changes this): " +
                                in_words(wish.value) + ". Source: " + wish.source));
    if (wish.value.preference) {
        for (std::string& line : describe(archives)) {
            form.fields.push_back(fixed(std::move(line)));
        }
    }
}

DataForm general_form(const GeneralIm& general, const OrganizationArchives& archives,
                      const ShownGeneral& shown)
{
    DataForm form = form_named("general-im", "General IM: " + general.organization);
    form.instructions = {"Changes take effect from the next request on. They override the settings file."};
    FormField domains = form_field(Type::list_multi, "domains", "Domains of the organization");
    domains.required = true;
    domains.values = general.domains.value;
    for (const std::string& domain : general.domains_in_file) {
        domains.choices.push_back({domain, domain});
    }
    form.fields = {
        boolean("users_may_choose", "Allow users to set 'Options for contact list requests'",
                shown.users_may_choose),
        fixed("Source: " + general.users_may_choose.source),
        option_field("Options for contact list requests", general.option.value),
        fixed("Now: " + std::string(sentence(general.option.value)) + ". Source: " + general.option.source),
        std::move(domains),
        fixed("Source: " + general.domains.source),
    };
    add_federation(form, general.federation);
    add_archives(form, general.archive, archives);
    if (shown.can_reset) {
        form.fields.push_back(boolean("reset", "Reset: use the settings file again", false));
    }
    return form;
}

/// Empty where federation is open.
std::string in_words(const Federation& federation)
{
    if (federation.mode == FederationMode::open) {
        return {};
    }
    std::string except;
    for (const Pattern& domain : federation.domains.patterns()) {
        except += (except.empty() ? ", but for " : ", ") + to_string(domain);
    }
    return std::string("; other domains are shut out (") +
           (federation.answer == Answer::deny ? "denied)" : "left to the user)") + except;
}

std::string describe(const GeneralIm& general)
{
    return general.organization + ": " + std::string(sentence(general.option.value)) + "; users may " +
           (general.users_may_choose.value ? "" : "not ") + "choose; domains " +
           joined(general.domains.value) + in_words(general.federation.value) + ".";
}

/// What the form says of federation; an error for people if that is nothing that can be in force.
tl::expected<Federation, std::string> federation_of(const FormValues& values)
{
    Federation federation;
    federation.mode = federation_mode_named(values.one("federation")).value_or(FederationMode::closed);
    federation.answer = answer_named(values.one("federation_answer")).value_or(Answer::leave);
    for (const std::string& line : values.all("federation_domains")) {
        for (const std::string& word : words_in(line)) {
            const auto domain = syntax::read_domain_pattern(word);
            if (!domain) {
                return tl::unexpected("\"" + word + "\" is no domain such as example.net or *.example.net.");
            }
            if (federation.mode == FederationMode::listed) {
                federation.domains.insert(*domain);
            }
        }
    }
    return federation;
}

/// Only what the user changed: somebody else may have changed other values since the form was shown.
tl::expected<GeneralChange, std::string> changes(const ShownGeneral& shown, const FormValues& values)
{
    GeneralChange change;
    if (!values.one("federation").empty()) {  // else the client has not sent it
        auto federation = federation_of(values);
        if (!federation) {
            return tl::unexpected(std::move(federation.error()));
        }
        if (digest_of(*federation) != shown.federation) {
            change.federation = *std::move(federation);
        }
    }
    if (values.flag("users_may_choose") != shown.users_may_choose) {
        change.users_may_choose = values.flag("users_may_choose");
    }
    if (values.one("option") != shown.option) {
        change.option = option_named(values.one("option"));
    }
    if (digest_of(values.all("domains")) != shown.domains) {
        change.domains = values.all("domains");
    }
    return change;
}

void ask_general(Operations& operations, const Address& user, const std::string& basis,
                 const CommandFormReply& reply)
{
    const Actor actor = Actor::sender(user);
    ShownGeneral shown = shown_from(basis);
    if (basis.empty()) {
        // Exactly one: an administrator's domain belongs to the organisation, and no two organisations share a
        // domain.
        shown.organization = operations.administered(actor).front();
    }
    const auto general = operations.general(actor, shown.organization);
    if (!general) {
        return reply(command_refusal(general.error()));
    }
    const auto archives = operations.archives(actor, shown.organization);
    if (!archives) {
        return reply(command_refusal(archives.error()));
    }
    if (basis.empty()) {
        shown = shown_of(*general);
    }
    reply(CommandForm{.form = general_form(*general, archives->front(), shown), .basis = basis_of(shown)});
}

void save_general(Operations& operations, const Address& user, const CommandInput& input,
                  const CommandReply& reply)
{
    const Actor actor = Actor::sender(user);
    const ShownGeneral shown = shown_from(input.basis);
    const bool reset = input.values.flag("reset");
    const auto saved = [reset, reply](const Result<GeneralIm>& now) {
        if (!now) {
            return reply(command_refusal(now.error()));
        }
        reply(done((reset ? "The settings file is in force again. " : "Saved. ") + describe(*now)));
    };
    if (reset) {
        return operations.reset_general(actor, shown.organization, saved);
    }
    const auto change = changes(shown, input.values);
    if (!change) {
        return reply(CommandRefusal{false, change.error()});
    }
    if (!change->users_may_choose && !change->option && !change->domains && !change->federation) {
        return reply(done("Nothing was changed."));
    }
    operations.save_general(actor, shown.organization, *change, saved);
}

// --- What waits

void list_waiting(Operations& operations, const Address& user, const CommandInput& /*none*/,
                  const CommandReply& reply)
{
    operations.waiting(Actor::sender(user), std::nullopt, [reply](const Result<Waiting>& waiting) {
        if (!waiting) {
            return reply(command_refusal(waiting.error()));
        }
        std::vector<std::string> lines;
        for (const SubscriptionRequest& request : waiting->requests) {
            lines.push_back(between(request));
        }
        CommandResult result = list_of("waiting", "Waiting requests", lines, waiting->more);
        if (!waiting->unlisted.empty()) {
            result.notes.push_back({CommandNote::Type::warn, "Not listed: " + reasons(waiting->unlisted)});
        }
        reply(std::move(result));
    });
}

// --- Why

CommandResult describe(const Explained& explained)
{
    DataForm form = form_named("explained", "Why");
    const auto line = [&form](std::string var, std::string label, std::string value) {
        FormField one = form_field(Type::text_single, std::move(var), std::move(label));
        one.values = {std::move(value)};
        form.fields.push_back(std::move(one));
    };
    line("request", "Request", between(explained.request));
    line("answer", "Answer", describe(explained.explanation.decision));
    FormField steps = form_field(Type::text_multi, "steps", "Step by step");
    for (const ExplainedStep& step : explained.explanation.steps) {
        steps.values.push_back((step.applied ? "* " : "  ") + std::string(step.name) + ": " + step.why);
    }
    form.fields.push_back(std::move(steps));
    line("waits", "State",
         explained.waits ? "The request waits at the server."
         : explained.list_error.empty()
             ? "No such request waits, so the user's roster item is not known."
             : "Whether such a request waits, and the user's roster item, are not known, because " +
                   explained.list_error + ".");
    line("generation", "Settings generation", std::to_string(explained.generation));
    return {.notes = {}, .payload = std::move(form)};
}

DataForm explain_form()
{
    DataForm form = form_named("explain", "Explain a decision");
    form.instructions = {"How the policy in force would answer a request, and why."};
    form.fields = {account("user", "User, who receives the request"),
                   form_field(Type::jid_single, "contact", "Contact, who sends it")};
    for (FormField& one : form.fields) {
        one.required = true;
    }
    return form;
}

void explain(Operations& operations, const Address& user, const CommandInput& input,
             const CommandReply& reply)
{
    // The form accepts only valid addresses.
    operations.explain(Actor::sender(user), Address::prepare(input.values.one("user")).value(),
                       Party::read(input.values.one("contact")).value(),
                       [reply](const Result<Explained>& explained) {
                           if (!explained) {
                               return reply(CommandRefusal{false, explained.error().text});
                           }
                           reply(describe(*explained));
                       });
}

// --- The journal

void list_journal(Operations& operations, const Address& user, const CommandInput& input,
                  const CommandReply& reply)
{
    JournalFilter filter;
    filter.user = Address::prepare(input.values.one("user"));
    filter.contact = Party::read(input.values.one("contact"));
    filter.most = kMaxLines;
    operations.journal(
        Actor::sender(user), filter, [reply](const Result<std::vector<JournalRecord>>& records) {
            if (!records) {
                return reply(CommandRefusal{false, records.error().text});
            }
            std::vector<std::string> lines;
            for (auto record = records->rbegin(); record != records->rend(); ++record) {
                std::string line = utc_seconds(record->at) + ": " + between(record->request) + ": " +
                                   describe(record->decision);
                if (!record->answered_by.empty()) {
                    line += ", " + record->answered_by;
                }
                if (record->outcome == usher::Outcome::refused) {
                    line += ", not applied by the server";
                }
                if (record->repeats != 0) {
                    line += ", " + std::to_string(record->repeats) + " more until " +
                            utc_seconds(record->last_at.value_or(record->at));
                }
                lines.push_back(line + " (" + std::to_string(record->id) + ")");
            }
            reply(list_of("journal", "Journal, newest first", lines, records->size() == kMaxLines));
        });
}

DataForm journal_form()
{
    DataForm form = form_named("journal", "Journal");
    form.instructions = {"The newest decisions, all or only those of a user or contact."};
    form.fields = {account("user", "User"), form_field(Type::jid_single, "contact", "Contact")};
    return form;
}

// --- People

constexpr const char* kListedTitle = "How others find me";

/// A field for each: clients show its address as one that can be opened, and profanity shows no XEP-0004 tables.
CommandResult people_found(const PeopleFound& found)
{
    if (found.people.empty()) {
        return done("Nobody was found.");
    }
    DataForm form = form_named("people", "People");
    form.instructions = {"To ask somebody, add the address to your contacts."};
    for (const FoundPerson& one : found.people) {
        const std::string name = name_of(one.person);
        FormField person = form_field(Type::jid_single, "person" + std::to_string(form.fields.size() + 1),
                                      (name.empty() ? "" : name + ", ") + std::string(availability(one)));
        person.values = {one.person.address.text()};
        form.fields.push_back(std::move(person));
    }
    CommandResult result{.notes = {}, .payload = std::move(form)};
    if (const std::string_view remark = usher::remark(found); !remark.empty()) {
        result.notes.push_back({CommandNote::Type::info, std::string(remark)});
    }
    return result;
}

void find_people(Operations& operations, const Address& user, const CommandInput& input,
                 const CommandReply& reply)
{
    operations.find(Actor::sender(user), input.requester, input.values.one("search"),
                    [reply](const Result<PeopleFound>& found) {
                        if (!found) {
                            return reply(command_refusal(found.error()));
                        }
                        reply(people_found(*found));
                    });
}

/// What the form showed is its basis: what the user has not changed stays as the administrator has it.
CommandForm listed_form(const PersonOption& option, const std::string& basis)
{
    const std::string shown =
        basis.empty() ? std::string(option.listed ? "1" : "0") + (option.availability ? "1" : "0") : basis;
    DataForm form = form_named("listed", kListedTitle);
    form.instructions = {describe(option)};
    form.fields = {boolean("listed", "Show me in search", shown[0] == '1'),
                   boolean("availability", "Show my availability there", shown[1] == '1')};
    return {.form = std::move(form), .basis = shown};
}

void ask_listed(Operations& operations, const Address& user, const std::string& basis,
                const CommandFormReply& reply)
{
    operations.person_option(Actor::sender(user), user, [basis, reply](const Result<PersonOption>& option) {
        if (option) {
            reply(listed_form(*option, basis));
        } else {
            reply(command_refusal(option.error()));
        }
    });
}

void save_listed(Operations& operations, const Address& user, const CommandInput& input,
                 const CommandReply& reply)
{
    const auto changed = [&input](std::string_view var, char shown) -> std::optional<bool> {
        const bool entered = input.values.flag(var);
        return entered == (shown == '1') ? std::nullopt : std::optional(entered);
    };
    const PersonChoice change{changed("listed", input.basis[0]), changed("availability", input.basis[1])};
    if (change == PersonChoice()) {
        return reply(done("Nothing was changed."));
    }
    operations.choose_person(Actor::sender(user), user, change, [reply](const Result<PersonOption>& saved) {
        if (saved) {
            reply(done("Saved. " + describe(*saved)));
        } else {
            reply(command_refusal(saved.error()));
        }
    });
}

void make_web_link(Operations& operations, const Address& user, const CommandInput& /*input*/,
                   const CommandReply& reply)
{
    const auto link = operations.web_link(Actor::sender(user));
    if (link) {
        reply(done(describe(*link)));
    } else {
        reply(command_refusal(link.error()));
    }
}

void show_archive(Operations& operations, const Address& user, const CommandInput& /*input*/,
                  const CommandReply& reply)
{
    reply(done(operations.archive_notice(user)));
}

}  // namespace

void add_menus(Commands& commands, Operations& operations)
{
    const auto asks = [&operations](void (*form)(Operations&, const Address&, const std::string&,
                                                 const CommandFormReply&)) {
        return [&operations, form](const Address& user, const std::string& basis,
                                   const CommandFormReply& reply) { form(operations, user, basis, reply); };
    };
    const auto shows = [](const DataForm& form) {
        return [form](const Address& /*user*/, const std::string& /*basis*/, const CommandFormReply& reply) {
            reply(CommandForm{.form = form});
        };
    };
    const auto does = [&operations](void (*execute)(Operations&, const Address&, const CommandInput&,
                                                    const CommandReply&)) {
        return [&operations, execute](const Address& user, const CommandInput& input,
                                      const CommandReply& reply) { execute(operations, user, input, reply); };
    };
    commands.add({"options", kOptionsTitle,
                  [&operations](const Address& user) { return may_not_choose(operations, user); },
                  asks(ask_option), does(save_option)});
    const auto unless = [](const Result<void>& may) {
        return may ? std::nullopt : std::optional(may.error().text);
    };
    add_exceptions_menu(commands, operations);
    commands.add({"find", std::string(kFindPeople),
                  [&operations, unless](const Address& user) {
                      return unless(operations.may_search(Actor::sender(user)));
                  },
                  shows(form_to_find_people(std::string(kForms) + "find")), does(find_people)});
    commands.add({"listed", kListedTitle,
                  [&operations, unless](const Address& user) {
                      return unless(operations.may_decide_listing(Actor::sender(user), user));
                  },
                  asks(ask_listed), does(save_listed)});
    const auto no_administrator = [&operations](const Address& user) -> std::optional<std::string> {
        if (operations.administered(Actor::sender(user)).empty()) {
            return "Only administrators of an organization may do this.";
        }
        return std::nullopt;
    };
    commands.add({"general-im", "General IM", no_administrator, asks(ask_general), does(save_general)});
    commands.add({"web",
                  "Administration page",
                  [&operations, unless](const Address& user) {
                      return unless(operations.may_log_in(Actor::sender(user)));
                  },
                  {},
                  does(make_web_link)});
    commands.add({"waiting", "Waiting requests", no_administrator, {}, does(list_waiting)});
    commands.add({"explain", "Explain a decision", no_administrator, shows(explain_form()), does(explain)});
    commands.add({"journal", "Journal", no_administrator, shows(journal_form()), does(list_journal)});
    commands.add({"archive",
                  "Message archive",
                  [&operations](const Address& user) -> std::optional<std::string> {
                      if (operations.archive_notice(user).empty()) {
                          return "Your organization has set nothing for message archives.";
                      }
                      return std::nullopt;
                  },
                  {},
                  does(show_archive)});
}

}  // namespace usher
