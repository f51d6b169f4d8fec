#include "plugin/usherctl/client.h"

#include <curl/curl.h>
#include <grp.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "plugin/files/unix_socket.h"
#include "plugin/text/terminal.h"

namespace usher
{

namespace
{

using Clock = std::chrono::steady_clock;

struct Free {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// The group that the file, or the nearest directory above it that can be seen, belongs to.
std::string group_of(std::filesystem::path path)
{
    struct stat status {
    };
    while (::stat(path.c_str(), &status) != 0) {
        if (errno != EACCES || path == path.parent_path()) {
            return {};
        }
        path = path.parent_path();
    }
    const group* found = ::getgrgid(status.st_gid);
    return found != nullptr ? found->gr_name : std::to_string(status.st_gid);
}

}  // namespace

/// One request. What arrives is taken line by line where there is somebody to take it.
class ControlClient::Transfer
{
  public:
    Transfer(const ControlClient& client, const std::string& method, const std::string& target,
             bool show_progress)
        : curl_(curl_easy_init()), progress_(show_progress)
    {
        set(CURLOPT_UNIX_SOCKET_PATH, client.socket_.c_str());
        set(CURLOPT_URL, ("http://usher" + target).c_str());
        set(CURLOPT_CUSTOMREQUEST, method.c_str());
        set(CURLOPT_PROXY, "");  // whatever the environment says
        set(CURLOPT_WRITEFUNCTION, &Transfer::received);
        set(CURLOPT_WRITEDATA, this);
        set(CURLOPT_NOPROGRESS, 0L);
        set(CURLOPT_XFERINFOFUNCTION, &Transfer::waited);
        set(CURLOPT_XFERINFODATA, this);
    }

    void send(const std::string& body)
    {
        set(CURLOPT_COPYPOSTFIELDS, body.c_str());
        headers_.reset(curl_slist_append(nullptr, "Content-Type: application/json"));
        set(CURLOPT_HTTPHEADER, headers_.get());
    }
    void take_lines(std::function<bool(const Json&)> line) { line_ = std::move(line); }
    void give_up_after(std::chrono::seconds time) { set(CURLOPT_TIMEOUT, static_cast<long>(time.count())); }

    CURLcode run()
    {
        const CURLcode code = curl_easy_perform(curl_.get());
        clear_progress();
        if (thrown_) {
            std::rethrow_exception(thrown_);
        }
        return code;
    }

    [[nodiscard]] long status() const
    {
        long status = 0;
        curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
        return status;
    }
    [[nodiscard]] const std::string& body() const { return body_; }
    /// `line` wanted no more.
    [[nodiscard]] bool enough() const { return enough_; }

  private:
    template <typename Value>
    void set(CURLoption option, Value value)
    {
        curl_easy_setopt(curl_.get(), option, value);
    }

    static std::size_t received(char* bytes, std::size_t size, std::size_t count, void* self) noexcept
    {
        auto* transfer = static_cast<Transfer*>(self);
        try {
            return transfer->take({bytes, size * count}) ? size * count : 0;
        } catch (...) {  // not through libcurl
            transfer->thrown_ = std::current_exception();
            return 0;
        }
    }

    bool take(std::string_view bytes)
    {
        clear_progress();
        progress_ = false;
        body_ += bytes;
        if (!line_ || status() != 200) {
            return true;
        }
        std::size_t end = 0;
        while (!enough_ && (end = body_.find('\n')) != std::string::npos) {
            const Json json =
                Json::parse(body_.begin(), body_.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
            body_.erase(0, end + 1);
            enough_ = !line_(json);
        }
        return !enough_;
    }

    static int waited(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept
    {
        static_cast<Transfer*>(self)->say_that_it_takes_time();
        return 0;
    }

    void say_that_it_takes_time()
    {
        constexpr std::chrono::seconds kPatience{2};
        const auto waiting = Clock::now() - begun_;
        if (progress_ && waiting >= kPatience) {
            std::fprintf(stderr, "\rusherd is at work: %lld s",
                         static_cast<long long>(std::chrono::floor<std::chrono::seconds>(waiting).count()));
            said_ = true;
        }
    }

    void clear_progress()
    {
        if (std::exchange(said_, false)) {
            std::fputs("\r\x1b[K", stderr);
        }
    }

    std::unique_ptr<CURL, Free> curl_;
    std::unique_ptr<curl_slist, Free> headers_;
    std::string body_;
    std::function<bool(const Json&)> line_;
    bool enough_ = false;
    std::exception_ptr thrown_;
    bool progress_;
    bool said_ = false;
    const Clock::time_point begun_ = Clock::now();
};

namespace
{

/// What the daemon says of an error.
std::string error_in(const std::string& body, long status)
{
    const auto json = ControlClient::Json::parse(body, nullptr, false);
    if (json.is_object() && json.contains("error") && json["error"].is_string()) {
        return json["error"].get<std::string>();
    }
    return "usherd refused with HTTP status " + std::to_string(status) +
           "; are usherd and usherctl of one version?";
}

}  // namespace

ControlClient::ControlClient(std::string socket, bool show_progress)
    : socket_(std::move(socket)), show_progress_(show_progress)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

ControlClient::~ControlClient()
{
    curl_global_cleanup();
}

ControlClient::Result<ControlClient::Json> ControlClient::ask(const std::string& method,
                                                              const std::string& target, const Json& body)
{
    Transfer transfer(*this, method, target, show_progress_);
    transfer.give_up_after(std::chrono::minutes(10));
    if (!body.is_null()) {
        transfer.send(body.dump(-1, ' ', true, Json::error_handler_t::replace));
    }
    const CURLcode code = transfer.run();
    if (code == CURLE_COULDNT_CONNECT) {
        return tl::unexpected(unreachable());
    }
    if (code != CURLE_OK) {
        return tl::unexpected("usherd did not answer: " + std::string(curl_easy_strerror(code)));
    }
    if (transfer.status() != 200) {
        return tl::unexpected(error_in(transfer.body(), transfer.status()));
    }
    Json answer = Json::parse(transfer.body(), nullptr, false);
    if (answer.is_discarded()) {
        return tl::unexpected("what answers at " + socket_ + " is not usherd: no JSON came");
    }
    return answer;
}

ControlClient::Result<void> ControlClient::read_lines(const std::string& target,
                                                      std::function<bool(const Json&)> line)
{
    Transfer transfer(*this, "GET", target, false);
    transfer.take_lines(std::move(line));
    const CURLcode code = transfer.run();
    if (transfer.enough()) {
        return {};
    }
    if (code == CURLE_COULDNT_CONNECT) {
        return tl::unexpected(unreachable());
    }
    if (code != CURLE_OK) {
        return tl::unexpected("the connection to usherd was lost: " + std::string(curl_easy_strerror(code)));
    }
    if (transfer.status() != 200) {
        return tl::unexpected(error_in(transfer.body(), transfer.status()));
    }
    return {};
}

std::string ControlClient::unreachable() const
{
    const auto address = unix_address(socket_);
    if (!address) {
        return address.error();
    }
    const int error = probe_socket(*address).error;
    const std::string what = socket_ + ": " + (error == 0 ? "connection lost" : std::strerror(error));
    if (error == EACCES || error == EPERM) {
        const std::string group = group_of(socket_);
        return what + "; members of the group " + (group.empty() ? "that usherd runs in" : group) +
               ", and root, can steer usherd";
    }
    return "usherd is not running, or listens elsewhere: " + what;
}

std::string encoded(std::string_view text)
{
    constexpr std::string_view kUnreserved =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";  // RFC 3986 section 2.3
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (kUnreserved.find(c) != std::string_view::npos) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += {'%', kDigits[byte >> 4U], kDigits[byte & 0xfU]};
        }
    }
    return out;
}

}  // namespace usher
