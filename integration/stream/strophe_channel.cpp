// libstrophe has an event loop of its own (select), which runs here inside libevent's. Facts about libstrophe
// that this depends on, measured with 0.12.2 (Debian 12) and 0.14.0 (Debian 13):
//
// - Only the sockopt callback gets the socket. libstrophe closes it before it reports the end of the stream,
//   so a duplicate is watched. Shutting down the duplicate also ends a stream that is stuck.
// - Since 0.13 a sockopt callback that refuses counts as a connection in progress if errno says so, which an
//   earlier connect() may have left there: see `refuse_socket`.
// - xmpp_run_once() writes what is queued, then reads at most 4096 bytes, so it is called until nothing is
//   left on either side. TLS may hold a record (16 kB) that is no longer visible on the socket.
// - Its parser, Expat, may wait for more before it looks at a long tag again: see expat_tags.h.
// - The TLS handshake waits in a loop without a deadline, so each login has a thread of its own.
// - A component crashes after the handshake, because only xmpp_connect_client() allocates `sm_state`. So that
//   is called first, with a socket callback that refuses.
// - After input that is not XML libstrophe stays connected but reads nothing more. It reports the error to
//   the server, which should end the stream; if the server does not, the connection's pings notice.
//
// What a server can do to it during the login, before we see the text (0.12.2, as Debian 12 has it); none of it loses
// anything, because the service manager starts usherd again after five seconds:
//
// - `<stream:error/>` without a child ends the program (also in 0.14.0). After the login we see it first: see
//   `complete_error`.
// - `<features/>` after SASL without `<bind/>` end it (mended in 0.12.3).
// - A SCRAM salt of more than 124 bytes ends it, where assertions are compiled in (also in 0.14.0).
// - A SCRAM iteration count such as -1 takes the login thread an hour and more (also in 0.14.0): see `end_program`.
#include "integration/stream/strophe_channel.h"

#include <event2/event.h>
#include <event2/util.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <strings.h>
#include <strophe.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "integration/base/file_descriptor.h"
#include "integration/stream/certificate_name.h"
#include "integration/stream/expat_tags.h"
#include "integration/stream/host_lookup.h"
#include "integration/stream/login_trace.h"
#include "integration/xmpp/namespaces.h"

namespace usher
{

namespace
{

struct Deleter {
    void operator()(event* e) const { event_free(e); }
    void operator()(xmpp_ctx_t* context) const { xmpp_ctx_free(context); }
    void operator()(xmpp_conn_t* stream) const { xmpp_conn_release(stream); }
};
template <typename T>
using Owned = std::unique_ptr<T, Deleter>;

struct Readiness {
    bool input;
    bool output;
};

/// A closed or broken socket counts as ready for both: the next read or write reports it.
Readiness readiness(int fd)
{
    pollfd poll{fd, POLLIN | POLLOUT, 0};
    ::poll(&poll, 1, 0);
    const bool broken = (poll.revents & (POLLHUP | POLLERR)) != 0;
    return {broken || (poll.revents & POLLIN) != 0, broken || (poll.revents & POLLOUT) != 0};
}

/// How long a login that was abandoned may take to end.
constexpr timeval kStuck{10, 0};

/// libstrophe ends the program on a stream error without a child (0.12 to 0.14). We see what comes after the login
/// first.
void complete_error(xmpp_stanza_t* error)
{
    xmpp_stanza_t* condition = xmpp_stanza_new(xmpp_stanza_get_context(error));
    if (condition != nullptr) {
        xmpp_stanza_set_name(condition, "undefined-condition");
        xmpp_stanza_set_ns(condition, "urn:ietf:params:xml:ns:xmpp-streams");
        xmpp_stanza_add_child(error, condition);
        xmpp_stanza_release(condition);
    }
}

class StropheChannel;

// libstrophe passes no user data to its socket and certificate callbacks, so this is set before it is called.
thread_local StropheChannel* current_channel = nullptr;

class StropheChannel : public Channel
{
  public:
    StropheChannel(event_base* base, Login login, ChannelEvents& events)
        : base_(base),
          login_(std::move(login)),
          events_(events),
          lookup_(base, login_.host,
                  [this](std::vector<std::string> addresses, const std::string& error) {
                      looked_up(std::move(addresses), error);
                  }),
          login_done_signal_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          step_(event_new(base, -1, 0, &StropheChannel::stepped, this)),
          login_done_event_(event_new(base, login_done_signal_.get(), EV_READ | EV_PERSIST,
                                      &StropheChannel::login_done, this)),
          stuck_(event_new(base, -1, 0, &StropheChannel::stuck, nullptr))
    {
        event_add(login_done_event_.get(), nullptr);
        lookup_.start();
    }

    ~StropheChannel() override
    {
        if (login_thread_.joinable()) {
            abandoned_ = true;
            shut_down();
            pollfd done{login_done_signal_.get(), POLLIN, 0};
            if (::poll(&done, 1, static_cast<int>(kStuck.tv_sec) * 1000) == 0) {
                end_program();
            }
            login_thread_.join();
        }
        drop_stream();
    }

    StropheChannel(const StropheChannel&) = delete;
    StropheChannel& operator=(const StropheChannel&) = delete;

    [[nodiscard]] std::size_t unsent() const override
    {
        const bool passing = state_ == State::open && xmpp_conn_send_queue_len(stream_.get()) != 0;
        return out_.size() + (passing ? passed_ : 0);
    }

    void send(std::string_view xml) override
    {
        out_ += xml;
        if (!in_step_) {
            step();
        }
    }

    void close() override
    {
        if (state_ != State::open) {
            abandon({Failure::Kind::closed, {}});
            return;
        }
        close_wanted_ = true;
        step();
    }

    void abandon(Failure failure) override
    {
        if (!failure_) {
            failure_ = std::move(failure);
        }
        abandoned_ = true;
        shut_down();
        if (lookup_.running()) {
            lookup_.cancel();  // looked_up() follows
        } else if (state_ == State::logging_in) {
            event_add(stuck_.get(), &kStuck);
        } else {
            step();
        }
    }

  private:
    enum class State {
        resolving,   // looking up the host's addresses
        logging_in,  // the login thread uses the stream
        open,        // the event loop uses it
        over,        // `ended` has to be called
    };

    // --- from the event loop

    static void stepped(evutil_socket_t, short, void* self) noexcept
    {
        static_cast<StropheChannel*>(self)->on_step();
    }

    static void login_done(evutil_socket_t, short, void* self) noexcept
    {
        static_cast<StropheChannel*>(self)->on_login_done();
    }

    static void stuck(evutil_socket_t, short, void*) noexcept { end_program(); }

    /// A thread cannot be ended from outside. It notices at once that its login was abandoned, unless it computes
    /// what the server has told it to; then usherd would not end when asked to, nor ever log in again.
    [[noreturn]] static void end_program()
    {
        spdlog::critical(
            "a login cannot be ended: the server has given libstrophe too much to compute. usherd ends, to be "
            "started again");
        std::_Exit(1);
    }

    /// Schedules on_step() before all other events.
    void step() { event_active(step_.get(), EV_TIMEOUT, 0); }

    /// Schedules on_step() after all other events that are ready.
    void step_later()
    {
        const timeval at_once{0, 0};
        event_add(step_.get(), &at_once);
    }

    /// Does whatever the state allows. Must be the last call in an event's handler, because `ended` may
    /// destroy this.
    void on_step()
    {
        if (state_ == State::resolving) {
            if (abandoned_) {
                state_ = State::over;
            } else if (looked_up_) {
                connect_next();
            }
        } else if (state_ == State::open) {
            pump();
        }
        if (state_ == State::over) {
            end();
        }
    }

    void end()
    {
        drop_stream();
        events_.ended(failure_.value_or(Failure{Failure::Kind::lost, {}}));
    }

    void looked_up(std::vector<std::string> addresses, const std::string& error)
    {
        if (!error.empty() && !failure_) {
            failure_ = Failure{Failure::Kind::lookup, error};
        }
        addresses_ = std::move(addresses);
        looked_up_ = true;
        step();
    }

    // --- connecting and logging in

    void connect_next()
    {
        if (!login_done_signal_) {  // the loop would never hear of the login's end
            failure_ = Failure{Failure::Kind::unreachable, "too many open files"};
            state_ = State::over;
            return;
        }
        while (next_address_ < addresses_.size()) {
            const std::string& address = addresses_[next_address_++];
            // On a machine with IPv6 only, libstrophe's look-up of the number (AI_ADDRCONFIG) rejects every
            // IPv4 address, even 127.0.0.1.
            const bool ipv4 = address.find(':') == std::string::npos;
            if (connect(address) || (ipv4 && connect("::ffff:" + address))) {
                state_ = State::logging_in;  // before the thread starts, which reads it
                try {
                    login_thread_ = std::thread(&StropheChannel::log_in, this);
                } catch (const std::system_error& error) {
                    failure_ = Failure{Failure::Kind::unreachable, error.what()};
                    break;
                }
                return;
            }
        }
        if (!failure_) {
            failure_ = Failure{Failure::Kind::unreachable, {}};
        }
        state_ = State::over;
    }

    [[nodiscard]] bool connect(const std::string& address)
    {
        drop_stream();
        trace_ = {};  // what the address before has said says nothing about this one
        current_channel = this;
        log_.handler = &StropheChannel::on_log;
        log_.userdata = this;
        context_.reset(xmpp_ctx_new(nullptr, &log_));
        stream_.reset(xmpp_conn_new(context_.get()));
        if (!context_ || !stream_) {
            failure_ = Failure{Failure::Kind::unreachable, "out of memory"};
            return false;
        }
        xmpp_conn_t* stream = stream_.get();
        xmpp_conn_set_jid(stream, login_.address.c_str());
        xmpp_conn_set_pass(stream, login_.password.c_str());
        if (login_.features_only) {
            xmpp_conn_set_flags(stream, XMPP_CONN_FLAG_DISABLE_SM);
        } else {
            xmpp_conn_set_flags(stream, XMPP_CONN_FLAG_DISABLE_SM |
                                            (login_.tls && !login_.component ? XMPP_CONN_FLAG_MANDATORY_TLS
                                                                             : XMPP_CONN_FLAG_DISABLE_TLS));
        }
        xmpp_conn_set_certfail_handler(stream, &StropheChannel::on_bad_certificate);
        if (!login_.ca_file.empty()) {
            xmpp_conn_set_cafile(stream, login_.ca_file.c_str());
        }
        xmpp_handler_add(stream, &StropheChannel::on_stanza, nullptr, nullptr, nullptr, this);
        int failed = 0;
        if (login_.component) {
            xmpp_conn_set_sockopt_callback(stream, &StropheChannel::refuse_socket);
            xmpp_connect_client(stream, address.c_str(), login_.port, &StropheChannel::on_stream, this);
            xmpp_conn_set_flags(stream, XMPP_CONN_FLAG_DISABLE_SM | XMPP_CONN_FLAG_DISABLE_TLS);
            xmpp_conn_set_sockopt_callback(stream, &StropheChannel::take_socket);
            failed = xmpp_connect_component(stream, address.c_str(), login_.port, &StropheChannel::on_stream,
                                            this);
        } else {
            xmpp_conn_set_sockopt_callback(stream, &StropheChannel::take_socket);
            const auto connect_stream = login_.features_only ? &xmpp_connect_raw : &xmpp_connect_client;
            failed = connect_stream(stream, address.c_str(), login_.port, &StropheChannel::on_stream, this);
        }
        if (failed != 0 && !failure_) {
            failure_ = Failure{Failure::Kind::unreachable, address};
        }
        return failed == 0;
    }

    /// Sets errno as a failed connect() does, because libstrophe reads it: see above.
    static int refuse_socket(xmpp_conn_t*, void*) noexcept
    {
        errno = ECANCELED;
        return -1;
    }

    static int take_socket(xmpp_conn_t* stream, void* socket) noexcept
    {
        const int fd = *static_cast<int*>(socket);
        StropheChannel& channel = *current_channel;
        // From FD_SETSIZE on, select() inside libstrophe would abort the program.
        channel.socket_ = FileDescriptor(fd < FD_SETSIZE ? ::fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1);
        if (!channel.socket_) {
            channel.failure_ = Failure{Failure::Kind::unreachable, "too many open files"};
            return refuse_socket(stream, socket);
        }
        const int on = 1;  // replies are gathered into one write, so Nagle's algorithm would only delay them
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        return 0;
    }

    void shut_down() const
    {
        if (socket_) {
            ::shutdown(socket_.get(), SHUT_RDWR);
        }
    }

    // --- on the login thread

    void log_in()
    {
        current_channel = this;
        constexpr unsigned long kMaxWait = 100;  // milliseconds until `abandoned_` is noticed
        while (!logged_in_ && !features_received_ && !stream_over_ && !abandoned_) {
            xmpp_run_once(context_.get(), kMaxWait);
        }
        const std::uint64_t one = 1;
        // This fails only if the eventfd's counter is full, and nobody else writes to it.
        [[maybe_unused]] const ssize_t written = ::write(login_done_signal_.get(), &one, sizeof one);
    }

    /// Called for each thing that is wrong with it.
    static int on_bad_certificate(const xmpp_tlscert_t* certificate, const char* error) noexcept
    {
        if (current_channel->login_.features_only) {
            return 1;
        }
        // libstrophe compares the certificate's names with the U-labels of our address.
        if (error != nullptr && ::strcasecmp(error, "hostname mismatch") == 0 &&
            current_channel->is_for_our_domain(certificate)) {
            return 1;
        }
        current_channel->trace_.bad_certificate = error == nullptr ? "not trusted" : error;
        return 0;
    }

    [[nodiscard]] bool is_for_our_domain(const xmpp_tlscert_t* certificate) const
    {
        const std::string_view address = login_.address;
        const std::string_view bare = address.substr(0, address.find('/'));
        const std::string_view domain = bare.substr(bare.find('@') + 1);
        for (std::size_t i = 0;; ++i) {
            const char* name = xmpp_tlscert_get_dnsname(certificate, i);
            if (name == nullptr) {
                return false;
            }
            if (names_international_domain(name, domain)) {
                return true;
            }
        }
    }

    static void on_log(void* self, xmpp_log_level_t level, const char*, const char* message) noexcept
    {
        static_cast<StropheChannel*>(self)->trace_.read_log(level, message == nullptr ? "" : message);
    }

    // --- back on the event loop

    void on_login_done()
    {
        std::uint64_t count = 0;
        [[maybe_unused]] const ssize_t got = ::read(login_done_signal_.get(), &count, sizeof count);
        login_thread_.join();
        event_del(stuck_.get());
        if (abandoned_) {
            state_ = State::over;
            end();
            return;
        }
        if (features_received_) {
            deliver_backlog();
            failure_ = Failure{Failure::Kind::closed, {}};
            state_ = State::over;
            end();
            return;
        }
        if (!logged_in_) {
            failure_ = trace_.why_no_login();
            if (failure_->kind == Failure::Kind::unreachable) {
                connect_next();
            } else {
                state_ = State::over;
            }
            if (state_ == State::over) {
                end();
            }
            return;
        }
        failure_.reset();
        // From here on the log is not needed, and formatting every stanza for it costs time.
        log_.handler = nullptr;
        state_ = State::open;
        const char* bound = login_.component ? nullptr : xmpp_conn_get_bound_jid(stream_.get());
        readable_.reset(
            event_new(base_, socket_.get(), EV_READ | EV_PERSIST, &StropheChannel::stepped, this));
        writable_.reset(event_new(base_, socket_.get(), EV_WRITE, &StropheChannel::stepped, this));
        event_add(readable_.get(), nullptr);
        in_step_ = true;
        events_.opened(bound == nullptr ? login_.address : bound);
        deliver_backlog();
        in_step_ = false;
        step();
    }

    void deliver_backlog()
    {
        for (xmpp_stanza_t* stanza : backlog_) {
            events_.received(Stanza(stanza));
            xmpp_stanza_release(stanza);
        }
        backlog_.clear();
    }

    static void on_stream(xmpp_conn_t* stream, xmpp_conn_event_t event, int, xmpp_stream_error_t* error,
                          void* self) noexcept
    {
        auto& channel = *static_cast<StropheChannel*>(self);
        if (event == XMPP_CONN_RAW_CONNECT) {
            xmpp_conn_open_stream_default(stream);
            return;
        }
        if (event == XMPP_CONN_CONNECT) {
            channel.logged_in_ = !channel.login_.features_only;
            return;
        }
        channel.stream_over_ = true;
        if (error != nullptr) {
            channel.trace_.stream_error = error->type;
            channel.trace_.stream_error_text = error->text == nullptr ? "" : error->text;
        }
    }

    static int on_stanza(xmpp_conn_t*, xmpp_stanza_t* stanza, void* self) noexcept
    {
        auto& channel = *static_cast<StropheChannel*>(self);
        if (channel.login_.features_only) {
            channel.read_unauthenticated(stanza);
            return 1;
        }
        if (Stanza(stanza).name() == "error" && xmpp_stanza_get_children(stanza) == nullptr) {
            complete_error(stanza);
        }
        if (channel.closing_) {
            return 1;  // we have ended our side of the stream, so no answer can follow
        }
        if (channel.state_ == State::open) {
            channel.events_.received(Stanza(stanza));
        } else {
            channel.backlog_.push_back(xmpp_stanza_clone(stanza));
        }
        return 1;
    }

    /// With `features_only`: reads the stream without logging in. On the login thread.
    void read_unauthenticated(xmpp_stanza_t* element)
    {
        const std::string_view name = Stanza(element).name();
        if (name == "proceed") {
            tls_started_ = true;
            stream_over_ =
                xmpp_conn_tls_start(stream_.get()) != 0 || xmpp_conn_open_stream_default(stream_.get()) != 0;
        } else if (name == "features" && !tls_started_ && Stanza(element).child("starttls", ns::kStartTls)) {
            xmpp_send_raw_string(stream_.get(), "<starttls xmlns='%s'/>", ns::kStartTls.data());
        } else if (name == "features") {
            backlog_.push_back(xmpp_stanza_clone(element));
            features_received_ = true;
        } else if (name == "error") {  // libstrophe reads stream errors only during a login
            const std::string_view condition = Stanza(element).first().name();
            const bool unknown = condition == "host-unknown" || condition == "host-gone";
            trace_.stream_error = unknown ? XMPP_SE_HOST_UNKNOWN : XMPP_SE_UNDEFINED_CONDITION;
            stream_over_ = true;
        }
    }

    /// Reads and writes until nothing is left on either side, the server takes no more, or the time is up.
    void pump()
    {
        // Bounded, so that other events get their turn: the time to parse 4096 bytes depends on who wrote
        // them.
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
        // Rounds after the last input: one for libstrophe's own reply to it, more for data that TLS still
        // holds.
        const int after_input = login_.tls && !login_.component ? 6 : 1;
        in_step_ = true;
        bool idle = false;
        bool writable = true;
        int left = after_input;
        while (!stream_over_ && std::chrono::steady_clock::now() < deadline) {
            const Readiness now = readiness(socket_.get());
            writable = now.output;
            idle = !now.input && all_sent() && left == 0;
            // While the server takes nothing, nothing more is read: that bounds what is queued for it.
            if (idle || !writable) {
                break;
            }
            left = now.input ? after_input : std::max(left - 1, 0);
            run_once();
        }
        if (close_wanted_ && idle && !stream_over_) {
            close_wanted_ = false;
            closing_ = true;
            xmpp_disconnect(stream_.get());
            run_once();
        }
        in_step_ = false;
        if (stream_over_) {
            on_stream_over();
            return;
        }
        if (!writable) {
            event_del(readable_.get());
            event_add(writable_.get(), nullptr);
            return;
        }
        event_add(readable_.get(), nullptr);
        if (!idle) {
            step_later();
        }
    }

    /// One round of libstrophe's loop, on a socket that can be written to.
    ///
    /// libstrophe queues what the socket does not take, but does not count one piece of that queue. So a
    /// large output is passed in two pieces, of which the second is one byte, and its last bytes are kept
    /// back. They are passed once the count is zero: then libstrophe holds at most that one byte, and a
    /// writable socket has room for it and the rest.
    void run_once()
    {
        constexpr std::size_t kSmall = 4096;
        if (!out_.empty() && xmpp_conn_send_queue_len(stream_.get()) == 0) {
            const std::size_t size = out_.size() <= kSmall ? out_.size() : out_.size() - kSmall / 2;
            const std::size_t first = size == out_.size() ? size : size - 1;
            xmpp_send_raw(stream_.get(), out_.data(), first);
            if (first != size) {
                xmpp_send_raw(stream_.get(), out_.data() + first, 1);
            }
            passed_ = size;
            out_.erase(0, size);
        }
        xmpp_run_once(context_.get(), 0);
    }

    [[nodiscard]] bool all_sent() const
    {
        return out_.empty() && xmpp_conn_send_queue_len(stream_.get()) == 0;
    }

    void on_stream_over()
    {
        state_ = State::over;
        if (failure_) {
            return;
        }
        if (closing_) {
            failure_ = Failure{Failure::Kind::closed, {}};
        } else {
            const bool conflict = trace_.stream_error == XMPP_SE_CONFLICT;
            failure_ =
                Failure{conflict ? Failure::Kind::conflict : Failure::Kind::lost, trace_.stream_error_text};
        }
    }

    void drop_stream()
    {
        readable_.reset();
        writable_.reset();
        for (xmpp_stanza_t* stanza : backlog_) {
            xmpp_stanza_release(stanza);
        }
        backlog_.clear();
        stream_.reset();
        context_.reset();
        socket_ = FileDescriptor();
        stream_over_ = false;
    }

    event_base* base_;
    const Login login_;
    ChannelEvents& events_;
    State state_ = State::resolving;
    std::optional<Failure> failure_;  // why the stream has ended or is about to end

    HostLookup lookup_;
    FileDescriptor login_done_signal_;  // written by the login thread when it ends
    Owned<event> step_;
    Owned<event> login_done_event_;
    Owned<event> stuck_;  // after a login was abandoned

    bool looked_up_ = false;
    std::vector<std::string> addresses_;
    std::size_t next_address_ = 0;

    // Used by the login thread while it runs, otherwise by the event loop. Starting and joining the thread
    // synchronize.
    xmpp_log_t log_{};
    Owned<xmpp_ctx_t> context_;
    Owned<xmpp_conn_t> stream_;
    bool logged_in_ = false;
    bool features_received_ = false;  // with `features_only`
    bool tls_started_ = false;        // with `features_only`
    bool stream_over_ = false;
    LoginTrace trace_;
    std::vector<xmpp_stanza_t*> backlog_;  // arrived before the login thread ended
    std::thread login_thread_;
    std::atomic<bool> abandoned_ = false;

    FileDescriptor socket_;  // a duplicate of libstrophe's socket
    Owned<event> readable_;
    Owned<event> writable_;
    std::string out_;
    std::size_t passed_ =
        0;  // bytes passed to libstrophe together: how many of them it has sent it does not say
    bool in_step_ = false;
    bool close_wanted_ = false;
    bool closing_ = false;
};

}  // namespace

StropheChannels::StropheChannels(event_base* base) : base_(base)
{
    static const bool initialized = (read_tags_at_once(), xmpp_initialize(), true);
    static_cast<void>(initialized);
}

std::unique_ptr<Channel> StropheChannels::open(const Login& login, ChannelEvents& events)
{
    return std::make_unique<StropheChannel>(base_, login, events);
}

}  // namespace usher
