#include "orchestrator/hosts/names.hpp"

#include <cctype>

#include "core/base/id.hpp"
#include "core/base/time.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::hosts {
namespace {

constexpr std::int64_t kNameKeptMs = std::chrono::milliseconds(kNameKept).count();

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool fits(char c) {
    return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
}

// Until when, as a date to be shown.
std::string kept_until(const state::Host& retired, std::int64_t now_ms) {
    return to_rfc3339(now_unix_ms() + retired.retired_at_ms + kNameKeptMs - now_ms);
}

}  // namespace

bool is_name(std::string_view text) {
    if (text.empty() || text.size() > kNameBytesMax || !is_letter_or_digit(text.front())) {
        return false;
    }
    for (char c : text) {
        if (!fits(c)) return false;
    }
    return !is_id("host", text);
}

std::string tidy_name(std::string_view claimed) {
    std::string name;
    for (char c : claimed.substr(0, kNameBytesMax - 12)) {
        if (name.empty() ? is_letter_or_digit(c) : fits(c)) name.push_back(c);
    }
    return hosts::is_name(name) ? name : "host";
}

Result<std::optional<state::Host>> keeper_of(const state::View& view, std::string_view name,
                                             std::int64_t now_ms) {
    const auto id = EK_TRY(view.hosts().id_of(name));
    if (!id) return std::optional<state::Host>();
    auto host = EK_TRY(view.hosts().find(*id));
    if (host && host->retired() && now_ms - host->retired_at_ms >= kNameKeptMs) host.reset();
    return host;
}

Result<void> require_free(const state::View& view, std::string_view name, std::int64_t now_ms) {
    const auto keeper = EK_TRY(keeper_of(view, name, now_ms));
    if (!keeper) return {};
    const std::string text(name);
    if (!keeper->retired()) return fail(Errc::conflict, "another host has the name " + text);
    return fail(Errc::conflict, "the retired host " + keeper->id + " keeps the name " + text +
                                    " until " + kept_until(*keeper, now_ms) +
                                    "; to release it now: ek release name " + keeper->id +
                                    ", or POST /v1/hosts/" + keeper->id + ":release-name");
}

Result<std::string> free_name(const state::View& view, std::string_view claimed,
                              std::int64_t now_ms, std::string_view key_sha256) {
    const std::string name = tidy_name(claimed);
    std::string candidate = name;
    for (std::uint64_t number = 2;; ++number) {
        const auto keeper = EK_TRY(keeper_of(view, candidate, now_ms));
        const bool is_own =
            keeper && keeper->retired() && !key_sha256.empty() && keeper->key_sha256 == key_sha256;
        if (!keeper || is_own) return candidate;
        candidate = name + "-" + std::to_string(number);
    }
}

}  // namespace evenkeel::hosts
