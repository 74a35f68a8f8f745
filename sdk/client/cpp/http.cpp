#include "sdk/client/cpp/http.hpp"

#include <algorithm>
#include <cctype>
#include <mutex>
#include <variant>

#include <curl/curl.h>
#include <poll.h>

namespace evenkeel::client {
namespace {

constexpr std::size_t kAnswerBytesMost = 64 << 20;
constexpr std::size_t kHeaderBytesMost = 256 << 10;
constexpr long kConnectMs = 10'000;
// A stream sends keep-alives at least every 15 s: much longer silence is a dead link.
constexpr long kSilenceSeconds = 60;
constexpr int kTickMs = 100;

// What the callbacks of one exchange fill.
struct Exchange {
    const HttpRequest& request;
    CURL* easy;
    Reply reply;
    std::size_t header_bytes = 0;
    bool stopped = false;
    bool too_large = false;
};

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
    auto& exchange = *static_cast<Exchange*>(user);
    long status = 0;
    curl_easy_getinfo(exchange.easy, CURLINFO_RESPONSE_CODE, &status);
    if (exchange.request.on_data && status >= 200 && status < 300) {
        exchange.stopped = !exchange.request.on_data({data, size});
        return exchange.stopped ? CURL_WRITEFUNC_ERROR : size;
    }
    exchange.too_large = exchange.reply.body.size() + size > kAnswerBytesMost;
    if (exchange.too_large) return CURL_WRITEFUNC_ERROR;
    exchange.reply.body.append(data, size);
    return size;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) {
    auto& exchange = *static_cast<Exchange*>(user);
    std::string_view line(data, size);
    exchange.header_bytes += size;
    exchange.too_large = exchange.header_bytes > kHeaderBytesMost;
    if (exchange.too_large) return CURL_WRITEFUNC_ERROR;
    if (line.starts_with("HTTP/")) exchange.reply.headers.clear();  // after a 1xx
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return size;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    line.remove_prefix(colon + 1);
    const std::size_t begin = line.find_first_not_of(" \t");
    const std::size_t end = line.find_last_not_of(" \t\r\n");
    if (begin == std::string_view::npos) exchange.reply.headers[name] = "";
    else exchange.reply.headers[name] = std::string(line.substr(begin, end + 1 - begin));
    return size;
}

HttpFailure failure_of(CURLcode code, const Exchange& exchange, const char* text) {
    const std::string why = *text != '\0' ? text : curl_easy_strerror(code);
    const auto made = [&](Kind kind, bool retry) {
        return HttpFailure{Failure{.kind = kind, .detail = why}, retry};
    };
    if (exchange.too_large) {
        return HttpFailure{Failure{.kind = Kind::bad_answer, .detail = "the answer is too large"}};
    }
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
            return made(Kind::timeout, false);
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_OUT_OF_MEMORY:
            return made(Kind::local, false);
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_HTTP2:
            return made(Kind::bad_answer, false);
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
            return made(Kind::unreachable, false);
        default:
            return made(Kind::unreachable, true);
    }
}

void start_curl() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

struct Http::Handles {
    Handles() {
        start_curl();
        easy = curl_easy_init();
        multi = curl_multi_init();
    }
    ~Handles() {
        curl_easy_cleanup(easy);
        curl_multi_cleanup(multi);
    }
    Handles(const Handles&) = delete;
    Handles& operator=(const Handles&) = delete;

    CURL* easy = nullptr;
    CURLM* multi = nullptr;
};

namespace {

struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

HeaderList header_list(const HttpRequest& request) {
    HeaderList list;
    const auto add = [&list](const std::string& line) {
        curl_slist* longer = curl_slist_append(list.get(), line.c_str());
        if (longer == nullptr) throw std::bad_alloc();
        // It is the same list with a new end, or a first entry.
        static_cast<void>(list.release());
        list.reset(longer);
    };
    for (const auto& [name, value] : request.headers) add(name + ": " + value);
    // Curl would send these by itself: no "100 Continue" round trip, no form as content type.
    add("Expect:");
    if (!request.headers.contains("Content-Type")) add("Content-Type:");
    return list;
}

void set_up(CURL* easy, const HttpRequest& request, curl_slist* headers) {
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    if (request.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (!request.body.empty() || request.method == "POST") {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (request.timeout.count() > 0) {
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    } else {
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, kSilenceSeconds);
    }
}

void set_callbacks(CURL* easy, Exchange& exchange, char* error_text) {
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text);
}

enum class End { done, stopped, cancelled };

// Drives the exchange until it is over, the caller's tick stops it or it is cancelled.
End drive(CURLM* multi, const HttpRequest& request, const Cancel* cancel, CURLcode& result) {
    curl_waitfd extra{.fd = cancel ? cancel->fd() : -1, .events = CURL_WAIT_POLLIN, .revents = 0};
    for (;;) {
        int running = 0;
        if (curl_multi_perform(multi, &running) != CURLM_OK) {
            result = CURLE_FAILED_INIT;
            return End::done;
        }
        if (running == 0) {
            int left = 0;
            const CURLMsg* message = curl_multi_info_read(multi, &left);
            result = message != nullptr ? message->data.result : CURLE_FAILED_INIT;
            return End::done;
        }
        curl_multi_poll(multi, cancel ? &extra : nullptr, cancel ? 1 : 0,
                        request.on_tick ? kTickMs : 1000, nullptr);
        if (cancel && cancel->cancelled()) return End::cancelled;
        if (request.on_tick && !request.on_tick()) return End::stopped;
    }
}

}  // namespace

Http::Http(std::string ca_file, bool is_loopback, const Cancel* cancel)
    : handles_(std::make_unique<Handles>()),
      ca_file_(std::move(ca_file)),
      is_loopback_(is_loopback),
      cancel_(cancel) {}

Http::~Http() = default;

std::variant<Reply, HttpFailure> Http::exchange(const HttpRequest& request) {
    const HttpFailure cancelled{Failure{.kind = Kind::cancelled, .detail = "cancelled"}};
    if (cancel_ && cancel_->cancelled()) return cancelled;
    if (busy_) {
        return HttpFailure{Failure{.kind = Kind::local,
                                   .detail = "a client cannot be called from its own callbacks"}};
    }
    CURL* easy = handles_->easy;
    curl_easy_reset(easy);  // options only: the connection stays for the next exchange
    Exchange exchange{.request = request, .easy = easy, .reply = {}};
    char error_text[CURL_ERROR_SIZE] = "";
    const HeaderList headers = header_list(request);
    set_up(easy, request, headers.get());
    set_callbacks(easy, exchange, error_text);
    if (!ca_file_.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file_.c_str());
    // What goes to this machine goes through no proxy, whatever the environment says.
    if (is_loopback_) curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");

    CURLcode result = CURLE_OK;
    busy_ = true;
    curl_multi_add_handle(handles_->multi, easy);
    const End end = drive(handles_->multi, request, cancel_, result);
    busy_ = false;
    curl_multi_remove_handle(handles_->multi, easy);

    if (end == End::cancelled) return cancelled;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (end == End::done && result != CURLE_OK && !exchange.stopped) {
        HttpFailure failure = failure_of(result, exchange, error_text);
        failure.failure.status = static_cast<int>(status);
        return failure;
    }
    exchange.reply.status = static_cast<int>(status);
    return std::move(exchange.reply);
}

bool Http::pause(std::chrono::milliseconds time) const {
    const auto until = std::chrono::steady_clock::now() + time;
    for (;;) {
        if (cancel_ && cancel_->cancelled()) return false;
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return true;
        pollfd entry{.fd = cancel_ ? cancel_->fd() : -1, .events = POLLIN, .revents = 0};
        ::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    }
}

}  // namespace evenkeel::client
