#include "orchestrator/bus/duplicate_links.hpp"

#include <utility>

namespace evenkeel::bus {

std::optional<std::uint64_t> DuplicateLinks::add(const std::string& host, Duplicate duplicate) {
    std::optional<std::uint64_t> replaced;
    if (const auto before = take(host)) {
        if (before->hello.instance == duplicate.hello.instance) {
            duplicate.since_ms = before->since_ms;
            duplicate.link_message_seen = before->link_message_seen;
        }
        if (before->connection != duplicate.connection) replaced = before->connection;
    }
    duplicates_[host] = std::move(duplicate);
    return replaced;
}

bool DuplicateLinks::on_link_message(const std::string& host, std::int64_t now_ms) {
    const auto found = duplicates_.find(host);
    if (found == duplicates_.end()) return false;
    Duplicate& duplicate = found->second;
    if (now_ms - duplicate.since_ms < apart_.count()) return false;
    if (duplicate.link_message_seen) return true;
    duplicate.link_message_seen = true;
    duplicate.since_ms = now_ms;
    return false;
}

bool DuplicateLinks::waits(const std::string& host, std::uint64_t connection) const {
    const auto found = duplicates_.find(host);
    return found != duplicates_.end() && found->second.connection == connection;
}

std::optional<Duplicate> DuplicateLinks::take(const std::string& host) {
    auto node = duplicates_.extract(host);
    if (node.empty()) return std::nullopt;
    return std::move(node.mapped());
}

void DuplicateLinks::remove(const std::string& host, std::uint64_t connection) {
    if (waits(host, connection)) duplicates_.erase(host);
}

}  // namespace evenkeel::bus
