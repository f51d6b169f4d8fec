#include "plugin/usherctl/client.h"

#include <curl/curl.h>
#include <grp.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <new>
#include <sstream>
#include <utility>

#include "plugin/files/unix_socket.h"

namespace usher
{

namespace
{

using Clock = std::chrono::steady_clock;

struct Free {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    void operator()(char* text) const { curl_free(text); }
};

/// The group that the file, or the nearest directory above it that can be seen, belongs to.
std::string group_of(std::filesystem::path path)
{
    struct stat status{};
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

/// One request, on a connection of its own.
class ControlClient::Transfer
{
  public:
    Transfer(const ControlClient& client, const std::string& method, const std::string& target)
        : curl_(curl_easy_init()), show_progress_(client.show_progress_)
    {
        set(CURLOPT_UNIX_SOCKET_PATH, client.socket_.c_str());
        set(CURLOPT_URL, ("http://usher" + target).c_str());
        set(CURLOPT_CUSTOMREQUEST, method.c_str());
        set(CURLOPT_PROXY, "");  // whatever the environment says
        set(CURLOPT_TIMEOUT, static_cast<long>(std::chrono::seconds(kPatience).count()));
        set(CURLOPT_WRITEFUNCTION, &Transfer::received);
        set(CURLOPT_WRITEDATA, this);
        set(CURLOPT_NOPROGRESS, 0L);
        set(CURLOPT_XFERINFOFUNCTION, &Transfer::waited);
        set(CURLOPT_XFERINFODATA, this);
    }

    void add_body(const std::string& body)
    {
        set(CURLOPT_COPYPOSTFIELDS, body.c_str());
        headers_.reset(curl_slist_append(nullptr, "Content-Type: application/json"));
        set(CURLOPT_HTTPHEADER, headers_.get());
    }

    CURLcode run()
    {
        const CURLcode code = curl_easy_perform(curl_.get());
        clear_progress();
        return code;
    }

    [[nodiscard]] long status() const
    {
        long status = 0;
        curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
        return status;
    }
    [[nodiscard]] const std::string& body() const { return body_; }

  private:
    /// The longest that a command takes is a review of all that waits.
    static constexpr std::chrono::minutes kPatience{10};

    template <typename Value>
    void set(CURLoption option, Value value)
    {
        curl_easy_setopt(curl_.get(), option, value);
    }

    static std::size_t received(char* bytes, std::size_t size, std::size_t count, void* self) noexcept
    {
        auto* transfer = static_cast<Transfer*>(self);
        transfer->clear_progress();
        transfer->show_progress_ = false;
        transfer->body_.append(bytes, size * count);
        return size * count;
    }

    static int waited(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept
    {
        static_cast<Transfer*>(self)->report_progress();
        return 0;
    }

    void report_progress()
    {
        constexpr std::chrono::seconds kSilence{2};
        const auto waiting = Clock::now() - begun_;
        if (show_progress_ && waiting >= kSilence) {
            std::fprintf(stderr, "\rwaiting for usherd: %lld s",
                         static_cast<long long>(std::chrono::floor<std::chrono::seconds>(waiting).count()));
            progress_shown_ = true;
        }
    }

    void clear_progress()
    {
        if (std::exchange(progress_shown_, false)) {
            std::fputs("\r\x1b[K", stderr);
        }
    }

    std::unique_ptr<CURL, Free> curl_;
    std::unique_ptr<curl_slist, Free> headers_;
    std::string body_;
    bool show_progress_;
    bool progress_shown_ = false;
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
    return "unexpected reply with HTTP status " + std::to_string(status) +
           ": are usherd and usherctl the same version?";
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
    const auto answer = send(method, target, body);
    if (!answer) {
        return tl::unexpected(answer.error());
    }
    Json json = Json::parse(*answer, nullptr, false);
    if (json.is_discarded()) {
        return tl::unexpected(not_json());
    }
    return json;
}

ControlClient::Result<std::vector<ControlClient::Json>> ControlClient::ask_lines(const std::string& target)
{
    const auto answer = send("GET", target, nullptr);
    if (!answer) {
        return tl::unexpected(answer.error());
    }
    std::vector<Json> lines;
    std::istringstream rest(*answer);
    for (std::string line; std::getline(rest, line);) {
        if (lines.emplace_back(Json::parse(line, nullptr, false)).is_discarded()) {
            return tl::unexpected(not_json());
        }
    }
    return lines;
}

ControlClient::Result<std::string> ControlClient::send(const std::string& method, const std::string& target,
                                                       const Json& body)
{
    Transfer transfer(*this, method, target);
    if (!body.is_null()) {
        transfer.add_body(body.dump(-1, ' ', false, Json::error_handler_t::replace));
    }
    const CURLcode code = transfer.run();
    if (code == CURLE_COULDNT_CONNECT) {
        return tl::unexpected(Failure{unreachable()});
    }
    if (code != CURLE_OK) {
        return tl::unexpected(Failure{"usherd did not answer: " + std::string(curl_easy_strerror(code))});
    }
    if (transfer.status() != 200) {
        return tl::unexpected(Failure{error_in(transfer.body(), transfer.status()), true});
    }
    return transfer.body();
}

ControlClient::Failure ControlClient::not_json() const
{
    return {"what answers at " + socket_ + " is not usherd: the reply is not JSON", true};
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
               ", and root, can control usherd";
    }
    return "usherd is not running, still waits for its store, or listens elsewhere: " + what;
}

std::string encoded(const std::string& text)
{
    const std::unique_ptr<char, Free> escaped(
        curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())));
    return escaped ? escaped.get() : throw std::bad_alloc();
}

}  // namespace usher
