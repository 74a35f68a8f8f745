#include "orchestrator/bus/pending_requests.hpp"

#include <utility>
#include <vector>

namespace evenkeel::bus {

std::string PendingRequests::open(std::uint64_t connection, std::chrono::milliseconds timeout,
                                  Callback callback) {
    const std::string id = "r" + std::to_string(++last_);
    Pending& pending = pending_[id];
    pending.connection = connection;
    pending.callback = std::move(callback);
    pending.timer = loop_->after(timeout, [this, id] {
        finish(id, fail(Errc::timeout, "the host did not answer in time"));
    });
    return id;
}

void PendingRequests::answer(std::uint64_t connection, const std::string& correlation_id,
                             wire::Reply reply) {
    const auto found = pending_.find(correlation_id);
    if (found == pending_.end() || found->second.connection != connection) return;
    if (reply.error) {
        finish(correlation_id, fail(*reply.error));
    } else {
        finish(correlation_id, std::move(reply.result));
    }
}

void PendingRequests::fail_all(std::uint64_t connection, const Error& error) {
    std::vector<std::string> ids;
    for (const auto& [id, pending] : pending_) {
        if (pending.connection == connection) ids.push_back(id);
    }
    for (const std::string& id : ids) finish(id, fail(error));
}

void PendingRequests::finish(const std::string& correlation_id, Result<json::Value> result) {
    auto node = pending_.extract(correlation_id);
    if (node.empty()) return;
    node.mapped().timer.cancel();
    loop_->post([callback = std::move(node.mapped().callback), result = std::move(result)] {
        callback(result);
    });
}

}  // namespace evenkeel::bus
