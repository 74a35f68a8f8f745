#include "sdk/client/cpp/url.hpp"

#include <memory>

#include <arpa/inet.h>
#include <curl/curl.h>

#include "core/base/text.hpp"

namespace evenkeel::client {
namespace {

struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string part_of(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK || text == nullptr) return {};
    std::string copy = text;
    curl_free(text);
    return copy;
}

bool names_this_machine(std::string host) {
    if (host == "localhost") return true;
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    in_addr v4{};
    if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
    in6_addr v6{};
    return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace

Result<BaseUrl> parse_base_url(const std::string& text) {
    const auto refuse = [&text](const std::string& why) {
        return Failure{.kind = Kind::local, .detail = "the URL '" + printable(text) + "' " + why};
    };
    const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
    if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
        return refuse("is not like http://127.0.0.1:7780");
    }
    const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https") return refuse("is neither http nor https");
    if (!part_of(url.get(), CURLUPART_USER).empty()) return refuse("carries a user");
    if (!part_of(url.get(), CURLUPART_QUERY).empty() ||
        !part_of(url.get(), CURLUPART_FRAGMENT).empty()) {
        return refuse("carries a query or a fragment");
    }
    BaseUrl base;
    base.text = part_of(url.get(), CURLUPART_URL);
    while (base.text.ends_with('/')) base.text.pop_back();
    base.is_secure = scheme == "https";
    base.is_loopback = names_this_machine(part_of(url.get(), CURLUPART_HOST));
    return base;
}

std::string encode_query(const std::vector<std::pair<std::string, std::string>>& query) {
    std::string out;
    for (const auto& [name, value] : query) {
        if (value.empty()) continue;
        if (!out.empty()) out += '&';
        out += percent_encode(name) + '=' + percent_encode(value);
    }
    return out;
}

}  // namespace evenkeel::client
