#include "plugin/web/web_page.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "integration/base/digest.h"
#include "plugin/control/reply.h"
#include "plugin/control/request.h"
#include "plugin/control/routes.h"
#include "plugin/settings/host_port.h"

namespace usher
{

namespace
{

/// Nothing runs and nothing is loaded but what comes from here, and no text becomes markup.
constexpr const char* kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

constexpr const char* kSession = "/v1/session";
constexpr const char* kNoSession = "You are not logged in, or no longer: log in again.";
constexpr const char* kBadLink =
    "This link is not valid: it works once, within ten minutes. Get another one with `usherctl web`, or by "
    "sending \"web\" to Usher.";
/// Why is for those who are logged in: it may name hosts and files.
constexpr const char* kNotConnected =
    "usherd is not connected to the server, so nobody can be asked. Log in by a link from `usherctl web`.";
constexpr const char* kNotConfirmed = "The login was not confirmed.";

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

/// `https://usher.example.org` and its like, without what browsers leave out.
std::string origin_of(std::string url)
{
    if (url.ends_with('/')) {
        url.pop_back();
    }
    for (const auto& [scheme, port] :
         {std::pair<std::string_view, std::string_view>("https://", ":443"), {"http://", ":80"}}) {
        if (url.starts_with(scheme) && url.ends_with(port)) {
            url.resize(url.size() - port.size());
        }
    }
    return lower(std::move(url));
}

const std::string* header(const HttpRequest& request, const std::string& name)
{
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? nullptr : &found->second;
}

bool is_among(const std::vector<std::string>& all, const std::string* one)
{
    return one != nullptr && std::find(all.begin(), all.end(), *one) != all.end();
}

/// The value of that cookie (RFC 6265 section 4.2); empty if it is not there.
std::string_view cookie_in(const HttpRequest& request, std::string_view name)
{
    const std::string* cookies = header(request, "cookie");
    std::string_view rest = cookies == nullptr ? std::string_view() : *cookies;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find("; "), rest.size());
        const std::string_view pair = rest.substr(0, end);
        if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
            return pair.substr(name.size() + 1);
        }
        rest.remove_prefix(std::min(end + 2, rest.size()));
    }
    return {};
}

bool only_reads(const HttpRequest& request)
{
    return request.method == "GET" || request.method == "HEAD";
}

bool is_json(const HttpRequest& request)
{
    const std::string* type = header(request, "content-type");
    return type != nullptr && (*type == "application/json" || type->starts_with("application/json;"));
}

}  // namespace

/// Adds to each answer what protects the browser.
class WebPage::Exchange : public HttpExchange
{
  public:
    explicit Exchange(std::shared_ptr<HttpExchange> exchange) : exchange_(std::move(exchange)) {}

    [[nodiscard]] const HttpRequest& request() const override { return exchange_->request(); }
    [[nodiscard]] bool may_tell_details() const override { return may_tell_details_; }
    void set_actor(const Actor& actor) { may_tell_details_ = !actor.address(); }

    void reply(int status, const std::string& body, const Headers& headers = {}) override
    {
        Headers all = headers;
        all.emplace("Content-Security-Policy", kContentPolicy);
        all.emplace("X-Content-Type-Options", "nosniff");
        all.emplace("Referrer-Policy", "no-referrer");
        all.emplace("Cross-Origin-Opener-Policy", "same-origin");
        all.emplace("Cross-Origin-Resource-Policy", "same-origin");
        exchange_->reply(status, body, all);
    }

  private:
    std::shared_ptr<HttpExchange> exchange_;
    bool may_tell_details_ = false;
};

std::string page_url(const WebSettings& settings)
{
    const std::string url = settings.url.empty() ? "http://" + settings.listen : settings.url;
    return url.ends_with('/') ? url : url + "/";
}

tl::expected<std::unique_ptr<WebPage>, std::string> WebPage::listen(event_base* base,
                                                                    const WebSettings& settings,
                                                                    Operations& operations,
                                                                    WebSessions& sessions,
                                                                    AskClient ask_client)
{
    auto files = read_page_files(settings.files.empty() ? installed_page_files() : settings.files);
    if (!files) {
        return tl::unexpected("web.files: " + files.error());
    }
    std::unique_ptr<WebPage> page(
        new WebPage(settings, operations, sessions, std::move(ask_client), *std::move(files)));
    const auto where = parse_host_port(settings.listen);
    auto server = HttpServer::listen_at(
        base, where->host, where->port.value_or(0),
        [self = page.get()](const std::shared_ptr<HttpExchange>& exchange) { self->received(exchange); },
        {.patience = kPatience, .body_bytes = kMaxBodyBytes});
    if (!server) {
        return tl::unexpected("web.listen: " + server.error());
    }
    page->server_ = *std::move(server);
    return page;
}

WebPage::WebPage(const WebSettings& settings, Operations& operations, WebSessions& sessions,
                 AskClient ask_client, PageFiles files)
    : operations_(operations),
      sessions_(sessions),
      ask_client_(std::move(ask_client)),
      files_(std::move(files)),
      // Cookies do not know ports: two usherd of one machine would end each other's sessions. A name that begins with __Host-
      // is accepted from this very host only.
      cookie_name_((settings.url.starts_with("https://") ? "__Host-usher" : "usher-") +
                   (settings.url.starts_with("https://") ? "" : sha256(settings.listen).substr(0, 8))),
      https_(settings.url.starts_with("https://"))
{
    origins_.push_back(origin_of(page_url(settings)));
    origins_.push_back("http://" + settings.listen);
    if (const auto where = parse_host_port(settings.listen); is_loopback(where->host)) {
        origins_.push_back("http://localhost:" + std::to_string(where->port.value_or(0)));
    }
    for (const std::string& origin : origins_) {
        hosts_.push_back(origin.substr(origin.find("//") + 2));
    }
}

WebPage::~WebPage() = default;

std::vector<std::pair<std::string, std::string>> WebPage::served()
{
    return {{"POST", kSession}, {"GET", kSession}, {"DELETE", kSession}};
}

void WebPage::received(const std::shared_ptr<HttpExchange>& received)
{
    const auto exchange = std::make_shared<Exchange>(received);
    const HttpRequest& request = exchange->request();
    if (const std::string why = why_foreign(request); !why.empty()) {
        return refuse(*exchange, 403, why);
    }
    const auto& path = request.path;
    if (path.front() != "v1") {
        if (!only_reads(request)) {
            return exchange->reply(405, to_json_line({{"error", "accepted here: GET"}}), {{"Allow", "GET"}});
        }
        const bool root = path.size() == 1 && path.front().empty();
        const bool file = path.size() == 2 && path.front() == "files";
        return reply_file(*exchange, root ? "index.html" : file ? std::string_view(path[1]) : "");
    }
    const bool changes = !only_reads(request);
    if (changes && !request.body.empty() && !is_json(request)) {
        return refuse(*exchange, 415, "accepted here: Content-Type: application/json");
    }
    const WebSession* session = session_of(request);
    const bool of_session = (path == std::vector<std::string>{"v1", "session"});
    if (of_session && request.method == "POST") {
        return log_in(exchange);
    }
    if (session == nullptr) {
        return refuse(*exchange, 401, kNoSession);
    }
    exchange->set_actor(session->actor);
    const std::string* token = header(request, "x-csrf-token");
    if (changes && (token == nullptr || !equal_in_constant_time(*token, session->csrf))) {
        return refuse(*exchange, 403, "The token of the page is missing or wrong: load the page again.");
    }
    if (of_session) {
        return serve_session(exchange, session);
    }
    serve_api({exchange, operations_, session->actor, {}});
}

std::string WebPage::why_foreign(const HttpRequest& request) const
{
    const std::string* host = header(request, "host");
    const std::string sent = host == nullptr ? std::string() : lower(*host);
    if (!is_among(hosts_, &sent)) {
        return "The header Host is not that of this page: see web.url in the settings file.";
    }
    const std::string* origin = header(request, "origin");
    if ((!only_reads(request) || origin != nullptr) && !is_among(origins_, origin)) {
        return "The header Origin is not that of this page: see web.url in the settings file.";
    }
    return {};
}

void WebPage::reply_file(HttpExchange& exchange, std::string_view name) const
{
    const auto found = files_.find(name);
    if (found == files_.end()) {
        return refuse(exchange, 404, "there is no such file");
    }
    exchange.reply(200, found->second.text,
                   {{"Content-Type", found->second.type}, {"Cache-Control", "no-cache"}});
}

const WebSession* WebPage::session_of(const HttpRequest& request)
{
    const std::string_view secret = cookie_in(request, cookie_name_);
    const WebSession* session = secret.empty() ? nullptr : sessions_.find(secret);
    if (session != nullptr && session->actor.address() && operations_.administered(session->actor).empty()) {
        spdlog::info("{} is no administrator any more: their session at the page has ended",
                     session->actor.name());
        sessions_.end(std::string(session->id));
        return nullptr;
    }
    return session;
}

// --- Logging in and out

std::string WebPage::session_json(const WebSession& session) const
{
    return to_json_line({{"name", session.actor.name()},
                         {"local", !session.actor.address()},
                         {"organizations", operations_.administered(session.actor)},
                         {"csrf", session.csrf},
                         {"idle_seconds", std::chrono::seconds(WebSessions::kIdle).count()}});
}

void WebPage::serve_session(const ExchangePointer& exchange, const WebSession* session)
{
    const std::string& method = exchange->request().method;
    if (method == "DELETE") {
        spdlog::info("{} has logged out of the page", session->actor.name());
        sessions_.log_out(std::string(session->id));
        exchange->reply(204, "", {{"Set-Cookie", cookie("") + "; Max-Age=0"}});
    } else if (method == "GET") {
        exchange->reply(200, session_json(*session));
    } else {
        exchange->reply(405, to_json_line({{"error", "accepted here: DELETE, GET, POST"}}),
                        {{"Allow", "DELETE, GET, POST"}});
    }
}

void WebPage::log_in(const ExchangePointer& exchange)
{
    const auto body = object_in(exchange->request().body, {"link", "address", "confirmation"});
    if (!body || body->size() != 1 || !body->begin().value().is_string()) {
        return refuse(*exchange, 400, "accepted: link, address or confirmation, which are texts");
    }
    const auto text = body->begin().value().get<std::string>();
    const std::string& key = body->begin().key();
    if (key == "link") {
        return reply_opened(*exchange, sessions_.open_by_link(text), kBadLink);
    }
    if (key == "confirmation") {
        if (sessions_.waits(text)) {
            return exchange->reply(202, to_json_line(Json::object()));
        }
        return reply_opened(*exchange, sessions_.open_by_attempt(text), kNotConfirmed);
    }
    begin_attempt(exchange, text);
}

void WebPage::begin_attempt(const ExchangePointer& exchange, const std::string& address)
{
    const auto user = Address::prepare(address);
    if (!user) {
        return refuse(*exchange, 400, "That is not an address such as juliet@example.org.");
    }
    if (!operations_.is_connected()) {  // before it is known who it is: the same for everybody
        return refuse(*exchange, 503, kNotConnected);
    }
    const Actor actor = Actor::sender(*user);
    const bool may = !operations_.administered(actor).empty();
    const auto attempt = sessions_.attempt(user->text(), may ? std::optional(actor) : std::nullopt);
    if (!attempt) {
        return refuse(*exchange, 429,
                      "There have been too many attempts: wait ten minutes, or send \"web\" to Usher.");
    }
    if (may) {
        // What stands behind the slash is the client that is to be asked, and as the server has it.
        const std::size_t slash = address.find('/');
        const std::string whole =
            user->text() + (slash == std::string::npos ? std::string() : address.substr(slash));
        ask_client_(whole, attempt->code, [&sessions = sessions_, token = attempt->token](bool yes) {
            sessions.answered(token, yes);
        });
    }
    exchange->reply(202, to_json_line({{"code", attempt->code}, {"confirmation", attempt->token}}));
}

void WebPage::reply_opened(HttpExchange& exchange, const std::optional<WebSessions::Opened>& opened,
                           const std::string& why_not)
{
    if (!opened) {
        return refuse(exchange, 403, why_not);
    }
    spdlog::info("{} has logged in at the page", opened->session->actor.name());
    exchange.reply(200, session_json(*opened->session), {{"Set-Cookie", cookie(opened->secret)}});
}

std::string WebPage::cookie(const std::string& secret) const
{
    return cookie_name_ + "=" + secret + "; HttpOnly; SameSite=Strict; Path=/" + (https_ ? "; Secure" : "");
}

}  // namespace usher
