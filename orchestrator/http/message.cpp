#include "orchestrator/http/message.hpp"

#include <algorithm>

namespace evenkeel::http {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

template <typename Map>
const std::string* find_in(const Map& map, std::string_view name) {
    const auto found = map.find(name);
    return found == map.end() ? nullptr : &found->second;
}

}  // namespace

const std::string* Request::header(std::string_view name) const {
    return find_in(headers, name);
}

const std::string* Request::parameter(std::string_view name) const {
    return find_in(query, name);
}

const std::string& Request::at(std::string_view name) const {
    static const std::string none;
    const std::string* value = find_in(path, name);
    return value ? *value : none;
}

Reply Reply::json(int status, const evenkeel::json::Value& value) {
    return Reply{status, "application/json", evenkeel::json::write(value), {}};
}

Reply Reply::json(int status, evenkeel::json::Text body) {
    return Reply{status, "application/json", body.take(), {}};
}

Reply Reply::text(int status, std::string text) {
    return Reply{status, "text/plain; charset=utf-8", std::move(text), {}};
}

Reply Reply::empty(int status) {
    return Reply{status, "", "", {}};
}

Reply& Reply::with(std::string name, std::string value) & {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
}

Reply&& Reply::with(std::string name, std::string value) && {
    headers.emplace_back(std::move(name), std::move(value));
    return std::move(*this);
}

const std::string* Reply::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (same_name(key, name)) return &value;
    }
    return nullptr;
}

}  // namespace evenkeel::http
