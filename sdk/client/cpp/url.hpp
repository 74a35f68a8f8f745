#pragma once

#include <string>

#include "sdk/client/cpp/result.hpp"

namespace evenkeel::client {

struct BaseUrl {
    std::string text;  // without a trailing slash
    bool is_secure = false;
    bool is_loopback = false;  // this machine, by name or address
};

// An http or https URL without user, query and fragment; Kind::local otherwise.
Result<BaseUrl> parse_base_url(const std::string& text);

// "name=value&..." encoded; pairs with an empty value are left out.
std::string encode_query(const std::vector<std::pair<std::string, std::string>>& query);

}  // namespace evenkeel::client
