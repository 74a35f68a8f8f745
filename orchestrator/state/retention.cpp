#include "orchestrator/state/retention.hpp"

#include <algorithm>

#include "core/base/time.hpp"
#include "orchestrator/state/event.hpp"

namespace evenkeel::state {
namespace {

constexpr std::size_t kStep = 20'000;  // entries thrown away at once

std::string before(std::chrono::hours age) {
    return to_rfc3339(now_unix_ms() - std::chrono::milliseconds(age).count());
}

// The CloudEvent's "time", without a parser: it is rendered by us, before the data.
std::string_view time_of(std::string_view body) {
    constexpr std::string_view kMember = "\"time\":\"";
    const std::size_t data = body.find("\"data\":");
    const std::size_t at = body.substr(0, data).rfind(kMember);
    if (at == std::string_view::npos) return {};
    body.remove_prefix(at + kMember.size());
    return body.substr(0, body.find('"'));
}

Result<void> throw_away_events(Edit& edit, const State::Retention& retention) {
    const std::uint64_t stored = edit.raw().count(edit.tables().events).value_or(0);
    std::uint64_t surplus = stored > retention.events_most ? stored - retention.events_most : 0;
    const std::string oldest = before(retention.events_age);
    std::uint64_t last = 0;
    std::size_t found = 0;
    EK_CHECK(edit.scan(edit.tables().events, store::Range::all(),
                       [&](std::string_view key, std::string_view record) {
                           const auto event = decode_event(record);
                           const bool old = !event || time_of(event->body) < oldest;
                           if (found == kStep || (!old && surplus == 0)) return false;
                           if (surplus > 0) --surplus;
                           last = store::number_of(key).value_or(last);
                           ++found;
                           return true;
                       }));
    if (found == 0) return {};
    EK_CHECK(edit.raw().erase(edit.tables().events, store::Range::all(), found));
    return edit.put_counter("events_floor", last);
}

Result<void> throw_away_commands(Edit& edit, const State::Retention& retention) {
    const std::string oldest = before(retention.commands_age);
    std::vector<Command> old;
    // Ids are made in order of time: behind the first young one there are only younger ones.
    EK_CHECK(edit.scan(edit.tables().commands, store::Range::all(),
                       [&](std::string_view, std::string_view record) {
                           auto command = parse_record(record).and_then(decode_command);
                           if (!command || command->created_at >= oldest) return false;
                           if (finished(command->state)) old.push_back(*std::move(command));
                           return old.size() < kStep;
                       }));
    for (const Command& command : old) EK_CHECK(edit.erase_command(command));
    return {};
}

Result<void> throw_away_tokens(Edit& edit, const State::Retention& retention) {
    const std::int64_t oldest =
        now_unix_ms() - std::chrono::milliseconds(retention.tokens_age).count();
    std::vector<std::string> old;
    EK_CHECK(edit.scan(edit.tables().tokens, store::Range::all(),
                       [&](std::string_view id, std::string_view record) {
                           const auto token = parse_record(record).and_then(decode_api_token);
                           if (!token) return true;
                           const std::int64_t end =
                               token->revoked_at_ms ? token->revoked_at_ms : token->expires_at_ms;
                           if (end != 0 && end < oldest) old.emplace_back(id);
                           return old.size() < kStep;
                       }));
    for (const std::string& id : old) EK_CHECK(edit.raw().erase(edit.tables().tokens, id));
    return {};
}

Result<void> throw_away_audit(Edit& edit, const State::Retention& retention) {
    const std::uint64_t stored = edit.raw().count(edit.tables().audit).value_or(0);
    const std::uint64_t surplus = stored > retention.audit_most ? stored - retention.audit_most : 0;
    const std::string oldest = before(retention.audit_age);
    std::uint64_t last = 0;
    std::size_t found = 0;
    EK_CHECK(edit.scan(edit.tables().audit, store::Range::all(),
                       [&](std::string_view key, std::string_view text) {
                           const auto record = parse_record(text);
                           const bool old = record && record->string_or("time") < oldest;
                           if (found == kStep || (!old && found >= surplus)) return false;
                           last = store::number_of(key).value_or(last);
                           ++found;
                           return true;
                       }));
    return found == 0 ? Result<void>() : edit.prune_audit(last);
}

Result<void> throw_away_replies(Edit& edit, const State::Retention& retention) {
    const auto oldest = now_unix_ms() - std::chrono::milliseconds(retention.replies_age).count();
    std::vector<std::string> old;
    EK_CHECK(edit.scan(edit.tables().replies, store::Range::all(),
                       [&](std::string_view key, std::string_view record) {
                           const auto reply = parse_record(record).and_then(decode_kept_reply);
                           if (!reply || reply->at_ms < oldest) old.emplace_back(key);
                           return old.size() < kStep;
                       }));
    for (const std::string& key : old) EK_CHECK(edit.raw().erase(edit.tables().replies, key));
    return {};
}

}  // namespace

Result<void> throw_away_old(Edit& edit, const State::Retention& retention) {
    EK_CHECK(throw_away_events(edit, retention));
    EK_CHECK(throw_away_commands(edit, retention));
    EK_CHECK(throw_away_tokens(edit, retention));
    EK_CHECK(throw_away_replies(edit, retention));
    return throw_away_audit(edit, retention);
}

}  // namespace evenkeel::state
