#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "sdk/client/cpp/decode.hpp"
#include "sdk/client/cpp/impl.hpp"

// What the calls of Client have in common.
namespace evenkeel::client {

using Query = std::vector<std::pair<std::string, std::string>>;

inline std::string host_path(std::string_view host) {
    return "/v1/hosts/" + percent_encode(host);
}

inline Query query_of(const ListQuery& list, Query more = {}) {
    more.emplace_back("filter", list.filter);
    more.emplace_back("order_by", list.order_by);
    return more;
}

template <typename T>
Result<std::vector<T>> decode_all(Result<Client::Impl::List> list,
                                  T (*decode)(const json::Value&)) {
    if (!list) return list.error();
    std::vector<T> out;
    out.reserve(list->items.size());
    for (const json::Value& item : list->items) out.push_back(decode(item));
    return out;
}

template <typename T>
Result<T> decode_one(Result<json::Value> value, T (*decode)(const json::Value&)) {
    if (!value) return value.error();
    return decode(*value);
}

// Asks for it again, with growing pauses, until it is finished; Kind::timeout after `timeout`.
template <typename T, typename Ask>
Result<T> wait_until_finished(Http& http, T one, const char* what,
                              std::chrono::milliseconds timeout, const Ask& ask) {
    using std::chrono::milliseconds;
    const auto until = std::chrono::steady_clock::now() + timeout;
    for (milliseconds pause{100};; pause = std::min(pause * 3 / 2, milliseconds(2'000))) {
        if (one.finished()) return one;
        const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) {
            return Failure{.kind = Kind::timeout,
                           .detail = std::string(what) + " " + one.id + " is still " + one.state};
        }
        if (!http.pause(std::min(pause, left))) {
            return Failure{.kind = Kind::cancelled, .detail = "cancelled"};
        }
        auto next = ask(one.id);
        if (!next) return next.error();
        one = *std::move(next);
    }
}

}  // namespace evenkeel::client
