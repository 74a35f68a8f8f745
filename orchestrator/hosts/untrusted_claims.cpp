#include "orchestrator/hosts/untrusted_claims.hpp"

#include <utility>

#include "core/base/text.hpp"

namespace evenkeel::hosts {
namespace {

constexpr int kDeepest = 4;
constexpr std::size_t kMembersMost = 64;
constexpr std::size_t kNameMost = 64;
constexpr std::size_t kTextMost = 256;

bool is_name(std::string_view name) {
    constexpr std::string_view kLetters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return !name.empty() && name.size() <= kNameMost &&
           name.find_first_not_of(kLetters) == std::string_view::npos;
}

json::Value tidy(const json::Value& value, int depth);

json::Value tidy_list(const json::Array& list, int depth) {
    json::Array kept;
    for (const json::Value& element : list) {
        if (kept.size() == kMembersMost) break;
        json::Value one = tidy(element, depth + 1);
        if (!one.is_null()) kept.push_back(std::move(one));
    }
    return kept;
}

json::Value tidy_object(const json::Object& object, int depth) {
    json::Object kept;
    for (const auto& [name, member] : object) {
        if (kept.size() == kMembersMost) break;
        if (!is_name(name)) continue;
        json::Value one = tidy(member, depth + 1);
        if (!one.is_null()) kept.append(name, std::move(one));
    }
    return kept;
}

json::Value tidy(const json::Value& value, int depth) {
    if (value.is_string()) return tidy_text(value.as_string(), kTextMost);
    if (value.is_number() || value.is_bool()) return value;
    if (depth == kDeepest) return {};
    if (value.is_array()) return tidy_list(value.as_array(), depth);
    return value.is_object() ? tidy_object(value.as_object(), depth) : json::Value();
}

}  // namespace

std::string tidy_text(std::string_view claimed, std::size_t most) {
    // printable() makes at most ten bytes of one; what it cuts in two it escapes.
    return printable(claimed.substr(0, most)).substr(0, most);
}

json::Value tidy_facts(const json::Value& claimed) {
    if (!claimed.is_object()) return json::Object{};
    json::Value facts = tidy(claimed, 0);
    if (json::write(facts).size() > kFactsBytesMost) return json::Object{};
    return facts;
}

}  // namespace evenkeel::hosts
