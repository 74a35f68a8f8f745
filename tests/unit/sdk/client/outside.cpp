// A program as somebody outside writes it: public headers and the installed archive, nothing else.
#include <cstdio>

#include "sdk/client/cpp/context.hpp"

#if defined(CURLINC_CURL_H) || defined(RAPIDJSON_RAPIDJSON_H_) || defined(EK_TRY) || \
    defined(TL_EXPECTED_HPP)
#error "a public header of the client library includes more than standard headers"
#endif

int main() {
    using namespace evenkeel::client;
    auto client = Client::open({.url = "http://127.0.0.1:1", .attempts = 1});
    if (!client) return 1;
    const auto hosts = client->hosts();
    if (hosts) return 1;
    std::puts(hosts.error().text().c_str());
    try {
        static_cast<void>(hosts.value());
    } catch (const Error& error) {
        return error.failure().kind == Kind::unreachable ? 0 : 1;
    }
    return 1;
}
