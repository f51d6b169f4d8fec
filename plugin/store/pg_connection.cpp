#include "plugin/store/pg_connection.h"

#include <event2/event.h>
#include <libpq-fe.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <new>
#include <string_view>
#include <utility>

namespace usher
{

namespace
{

/// For all names, and then for each host. libpq's own connect_timeout does not count here.
constexpr std::chrono::milliseconds kConnectTime{2'000};

constexpr std::chrono::milliseconds kMinDelay{200};
constexpr std::chrono::milliseconds kMaxDelay{10'000};

/// Statements that do not depend on what is asked for are far fewer.
constexpr std::size_t kMaxPrepared = 300;

/// A connection that is not used is given up after 25 s of silence. Kerberos is off because libpq waits for its servers
/// while everything else waits. What the options say wins.
constexpr const char* kDefaults[][2] = {
    {"client_encoding", "UTF8"},  {"fallback_application_name", "usherd"},
    {"gssencmode", "disable"},    {"keepalives_idle", "10"},
    {"keepalives_interval", "5"}, {"keepalives_count", "3"},
};

/// PostgreSQL's names of types, from its catalogue, which never changes them.
enum TypeId : unsigned { kBool = 16, kInt8 = 20, kInt2 = 21, kInt4 = 23, kNumeric = 1700 };

/// The error of a write where nothing may be written (SQLSTATE).
constexpr std::string_view kReadOnly = "25006";

/// In one line. libpq's messages have several; those that begin with a tab are what one might look for.
std::string one_line(std::string_view message)
{
    std::string line;
    while (!message.empty()) {
        const std::string_view next = message.substr(0, message.find('\n'));
        if (!next.empty() && !next.starts_with('\t')) {
            line += (line.empty() ? "" : " ") + std::string(next);
        }
        message.remove_prefix(std::min(next.size() + 1, message.size()));
    }
    return line;
}

void log_notice(void*, const PGresult* notice) noexcept
{
    spdlog::debug("PostgreSQL: {}", one_line(PQresultErrorMessage(notice)));
}

/// Its first line only: the others may have values in them. It is about the server's disk, for example, not this machine's.
std::string error_of(const PGresult& result)
{
    const char* message = PQresultErrorField(&result, PG_DIAG_MESSAGE_PRIMARY);
    return "PostgreSQL: " + (message != nullptr ? message : one_line(PQresultErrorMessage(&result)));
}

/// A result that libpq gives because the connection is lost, and that answers nothing.
bool is_made_up(const PGresult& result)
{
    return PQresultStatus(&result) == PGRES_FATAL_ERROR &&
           PQresultErrorField(&result, PG_DIAG_SQLSTATE) == nullptr;
}

StoredValue value_of(const PGresult& result, int row, int column)
{
    if (PQgetisnull(&result, row, column) != 0) {
        return {};
    }
    const std::string_view text(PQgetvalue(&result, row, column),
                                static_cast<std::size_t>(PQgetlength(&result, row, column)));
    switch (PQftype(&result, column)) {
        case kBool:
            return std::int64_t{text == "t"};
        case kInt2:
        case kInt4:
        case kInt8:
        case kNumeric: {  // as which it has a sum of 64-bit integers
            std::int64_t number = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
            if (error == std::errc() && end == text.data() + text.size()) {
                return number;
            }
            break;
        }
        default:
            break;
    }
    return std::string(text);
}

Rows rows_of(PGresult& result)
{
    Rows out;
    const int columns = PQnfields(&result);
    out.rows.resize(static_cast<std::size_t>(PQntuples(&result)));
    for (std::size_t row = 0; row < out.rows.size(); ++row) {
        out.rows[row].reserve(static_cast<std::size_t>(columns));
        for (int column = 0; column < columns; ++column) {
            out.rows[row].push_back(value_of(result, static_cast<int>(row), column));
        }
    }
    const std::string_view tag = PQcmdStatus(&result);
    if (tag.starts_with("INSERT") || tag.starts_with("UPDATE") || tag.starts_with("DELETE")) {
        const std::string_view count = PQcmdTuples(&result);
        std::from_chars(count.data(), count.data() + count.size(), out.changed);
    }
    return out;
}

}  // namespace

void PgConnection::FreeEvent::operator()(event* one) const
{
    event_free(one);
}

void PgConnection::FreeLibpq::operator()(pg_conn* connection) const
{
    // Says good-bye only if that can be written at once: the connection is non-blocking as soon as it is one.
    PQfinish(connection);
}

void PgConnection::FreeLibpq::operator()(pg_result* result) const
{
    PQclear(result);
}

PgConnection::PgConnection(event_base* loop, std::string options, std::string purpose, Calls calls)
    : options_(std::move(options)),
      purpose_(std::move(purpose)),
      calls_(std::move(calls)),
      loop_(loop),
      clock_(loop),
      failed_(clock_, "connections to PostgreSQL for " + purpose_ + " were lost or could not be made"),
      delay_(kMinDelay)
{
    timer_ = clock_.after(std::chrono::milliseconds(0), [this] { begin(); });
}

PgConnection::~PgConnection()
{
    close();
}

// ---- connecting

void PgConnection::begin()
{
    const std::vector<PgHost> hosts = pg_hosts(options_);
    failures_.clear();
    lookups_.clear();
    found_.assign(hosts.size(), {});
    for (std::size_t place = 0; place < hosts.size(); ++place) {
        const PgHost& host = hosts[place];
        if (host.is_name()) {
            lookups_.push_back(std::make_unique<HostLookup>(
                loop_, host.host, [this, place, host](const auto& addresses, const std::string& error) {
                    looked_up(place, host, addresses, error);
                }));
        } else {
            found_[place] = {host};
        }
    }
    timer_ = clock_.after(kConnectTime, [this] {
        lookups_.clear();
        note_failure({}, "the name server does not answer");
        all_looked_up();
    });
    lookups_left_ = lookups_.size();
    if (lookups_.empty()) {
        all_looked_up();
    }
    for (const auto& lookup : lookups_) {
        lookup->start();
    }
}

void PgConnection::looked_up(std::size_t place, const PgHost& host, const std::vector<std::string>& addresses,
                             const std::string& error)
{
    for (const std::string& address : addresses) {
        found_[place].push_back({host.host, address, host.port});
    }
    if (addresses.empty()) {
        note_failure(host, error);
    }
    if (--lookups_left_ == 0) {
        all_looked_up();
    }
}

void PgConnection::all_looked_up()
{
    hosts_.clear();
    for (const auto& addresses : found_) {
        hosts_.insert(hosts_.end(), addresses.begin(), addresses.end());
    }
    try_host();
}

void PgConnection::try_host()
{
    if (hosts_.empty()) {
        lose(failures_);
        return;
    }
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    const auto set = [&](const char* keyword, const char* value) {
        keywords.push_back(keyword);
        values.push_back(value);
    };
    for (const auto& [keyword, value] : kDefaults) {
        set(keyword, value);
    }
    set("dbname", options_.c_str());  // stands for all that is in it
    const PgHost& host = hosts_.front();
    set("host", host.host.c_str());  // what is empty says nothing
    set("hostaddr", host.hostaddr.c_str());
    set("port", host.port.c_str());
    set(nullptr, nullptr);
    connection_.reset(PQconnectStartParams(keywords.data(), values.data(), 1));
    if (!connection_) {
        throw std::bad_alloc();
    }
    PQsetNoticeReceiver(connection_.get(), log_notice, nullptr);
    if (PQstatus(connection_.get()) == CONNECTION_BAD) {
        host_failed(last_error());
        return;
    }
    timer_ = clock_.after(kConnectTime, [this] { host_failed("the server does not answer"); });
    writable_ = watch<&PgConnection::poll>(EV_WRITE);
}

void PgConnection::poll()
{
    // It may close the socket and open another, with the same number: no event may be left on it.
    readable_.reset();
    writable_.reset();
    switch (PQconnectPoll(connection_.get())) {
        case PGRES_POLLING_READING:
            readable_ = watch<&PgConnection::poll>(EV_READ);
            break;
        case PGRES_POLLING_WRITING:
            writable_ = watch<&PgConnection::poll>(EV_WRITE);
            break;
        case PGRES_POLLING_OK:
            opened();
            break;
        default:
            host_failed(last_error());
            break;
    }
}

void PgConnection::host_failed(const std::string& why)
{
    note_failure(hosts_.front(), why);
    hosts_.pop_front();
    close();
    try_host();
}

void PgConnection::note_failure(const PgHost& host, const std::string& why)
{
    failures_ += failures_.empty() ? "" : "; ";
    // libpq's own messages name the host.
    if (!host.host.empty() && why.find(host.host) == std::string::npos) {
        failures_ += host.host + ": ";
    }
    failures_ += why;
}

void PgConnection::opened()
{
    timer_.reset();
    opened_at_ = clock_.now();
    PQsetnonblocking(connection_.get(), 1);
    PQenterPipelineMode(connection_.get());
    readable_ = watch<&PgConnection::ready_to_read>(EV_READ | EV_PERSIST);
    writable_ = watch<&PgConnection::flush>(EV_WRITE);
    event_del(writable_.get());  // until something is left to write
    calls_.connected();
}

// ---- connected

void PgConnection::send(const std::vector<Statement>& statements, Then then, Use use)
{
    std::vector<std::string> names(statements.size());
    if (use == Use::often) {
        std::transform(statements.begin(), statements.end(), names.begin(),
                       [this](const Statement& statement) { return prepared_name(statement); });
    }
    bool sent = true;
    for (std::size_t i = 0; i < statements.size(); ++i) {
        sent = sent && send_statement(statements[i], names[i]);
        awaited_.push_back({Awaited::Kind::rows});
    }
    sent = sent && PQpipelineSync(connection_.get()) == 1;
    awaited_.push_back({Awaited::Kind::end_of_step});
    steps_.push_back({std::move(then)});
    if (sent) {
        flush();
    } else {  // it is lost, and ready_to_read() finds that out when nobody is in the middle of anything
        event_active(readable_.get(), EV_READ, 0);
    }
}

std::string PgConnection::prepared_name(const Statement& statement)
{
    if (const auto known = prepared_.find(statement.sql); known != prepared_.end()) {
        return known->second;
    }
    if (prepared_.size() >= kMaxPrepared) {
        return {};
    }
    std::string name = "s" + std::to_string(++names_);
    // In a step of its own: that it fails, or something beside it, is then nothing to a step that is sent next and uses it.
    if (PQsendPrepare(connection_.get(), name.c_str(), statement.sql.c_str(), 0, nullptr) != 1 ||
        PQpipelineSync(connection_.get()) != 1) {
        return {};
    }
    awaited_.push_back({Awaited::Kind::preparation, statement.sql});
    awaited_.push_back({Awaited::Kind::end_of_preparation});
    prepared_.emplace(statement.sql, name);
    return name;
}

bool PgConnection::send_statement(const Statement& statement, const std::string& prepared_name)
{
    // PostgreSQL finds out the types of parameters from what is done with them. Texts have the binary format, which is the
    // text itself, with its length.
    const std::size_t count = statement.values.size();
    std::vector<std::string> numbers(count);
    std::vector<const char*> values(count, nullptr);
    std::vector<int> lengths(count, 0);
    std::vector<int> formats(count, 0);
    for (std::size_t i = 0; i < count; ++i) {
        if (const auto* text = std::get_if<std::string>(&statement.values[i])) {
            values[i] = text->data();
            lengths[i] = static_cast<int>(text->size());
            formats[i] = 1;
        } else if (const auto* number = std::get_if<std::int64_t>(&statement.values[i])) {
            numbers[i] = std::to_string(*number);
            values[i] = numbers[i].c_str();
        }
    }
    const int parameters = static_cast<int>(count);
    pg_conn* connection = connection_.get();
    return (prepared_name.empty()
                ? PQsendQueryParams(connection, statement.sql.c_str(), parameters, nullptr, values.data(),
                                    lengths.data(), formats.data(), 0)
                : PQsendQueryPrepared(connection, prepared_name.c_str(), parameters, values.data(),
                                      lengths.data(), formats.data(), 0)) == 1;
}

void PgConnection::flush()
{
    switch (PQflush(connection_.get())) {
        case 0:
            break;
        case 1:
            event_add(writable_.get(), nullptr);
            break;
        default:
            event_active(readable_.get(), EV_READ, 0);
            break;
    }
}

void PgConnection::ready_to_read()
{
    const bool open = PQconsumeInput(connection_.get()) == 1;
    const std::string error = open ? "" : last_error();
    take_results();  // what came before it was lost counts
    if (!connection_) {
        return;  // dropped, by who was called
    }
    if (!open || PQstatus(connection_.get()) == CONNECTION_BAD) {
        lose(error.empty() ? last_error() : error);
    } else if (read_only_) {
        lose("the server has become read-only");
    } else {
        flush();
    }
}

void PgConnection::take_results()
{
    // A null pointer comes between the results of two statements; two of them in turn mean that there is nothing.
    int nulls = 0;
    while (connection_ && !awaited_.empty() && nulls < 2 && PQisBusy(connection_.get()) == 0) {
        const std::unique_ptr<pg_result, FreeLibpq> result(PQgetResult(connection_.get()));
        if (!result) {
            ++nulls;
            continue;
        }
        if (is_made_up(*result)) {
            return;
        }
        nulls = 0;
        take(*result);
    }
}

void PgConnection::take(pg_result& result)
{
    const ExecStatusType status = PQresultStatus(&result);
    Step& step = steps_.front();
    if (status == PGRES_FATAL_ERROR) {
        if (step.error.empty()) {
            step.error = error_of(result);
        }
        const char* state = PQresultErrorField(&result, PG_DIAG_SQLSTATE);
        step.read_only = step.read_only || (state != nullptr && state == kReadOnly);
    }
    const Awaited awaited = std::move(awaited_.front());
    awaited_.pop_front();
    switch (awaited.kind) {
        case Awaited::Kind::preparation:
            if (status != PGRES_COMMAND_OK) {
                prepared_.erase(awaited.sql);
            }
            break;
        case Awaited::Kind::end_of_preparation:
            break;
        case Awaited::Kind::rows:
            if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
                step.rows.push_back(rows_of(result));
            }
            break;
        case Awaited::Kind::end_of_step: {
            Step over = std::move(step);
            steps_.pop_front();
            read_only_ = read_only_ || (over.read_only && found_.size() > 1);
            if (over.error.empty()) {
                over.then(std::move(over.rows));
            } else {
                over.then(tl::unexpected(over.error));
            }
            break;
        }
    }
}

void PgConnection::in_use()
{
    if (std::exchange(logged_as_away_, false)) {
        const auto away = std::chrono::duration<double>(clock_.now() - *away_since_);
        spdlog::info("connected to PostgreSQL for {} again after {:.1f} s: {}", purpose_, away.count(),
                     server());
    }
    away_since_.reset();
}

// ---- the end

void PgConnection::drop(const std::string& why)
{
    lose(why);
}

void PgConnection::close()
{
    readable_.reset();  // before its socket is closed
    writable_.reset();
    timer_.reset();
    connection_.reset();
    awaited_.clear();
    steps_.clear();
    prepared_.clear();
    read_only_ = false;
}

void PgConnection::lose(const std::string& why)
{
    // One that lasted was a good one: the next may be too. Where each is lost soon, each leaves work to the server.
    if (connection_ && clock_.now() - opened_at_ > kMaxDelay) {
        delay_ = kMinDelay;
    }
    const std::string at = connection_ ? server() + ": " : "";
    close();
    if (!away_since_) {
        away_since_ = clock_.now();
    }
    logged_as_away_ = failed_.count(at + why) || logged_as_away_;
    // Not all daemons at once.
    std::uniform_int_distribution<std::chrono::milliseconds::rep> jittered(delay_.count() / 2,
                                                                           delay_.count());
    timer_ = clock_.after(std::chrono::milliseconds(jittered(random_)), [this] { begin(); });
    delay_ = std::min(2 * delay_, kMaxDelay);
    calls_.lost(why);
}

std::string PgConnection::server() const
{
    return std::string(PQhost(connection_.get())) + " port " + PQport(connection_.get());
}

std::string PgConnection::last_error() const
{
    return one_line(PQerrorMessage(connection_.get()));
}

template <void (PgConnection::*Call)()>
PgConnection::Event PgConnection::watch(short what)
{
    const auto call = [](evutil_socket_t, short, void* self) noexcept {
        (static_cast<PgConnection*>(self)->*Call)();
    };
    Event made(event_new(loop_, PQsocket(connection_.get()), what, call, this));
    if (!made) {
        throw std::bad_alloc();
    }
    event_add(made.get(), nullptr);
    return made;
}

}  // namespace usher
