#include <utility>

#include "sdk/client/cpp/decode.hpp"
#include "sdk/client/cpp/follow.hpp"

namespace evenkeel::client {

Result<> Client::events(const EventQuery& query, const std::function<bool(const Event&)>& on_event,
                        const EventOptions& options) {
    Subscription events{
        .request = {.path = "/v1/events", .query = {{"host", query.host}, {"type", query.type}}},
        .since = query.since,
        .take = [&](const std::string&,
                    const json::Value& data) { return on_event(decode_event(data)); },
        .options = options};
    return Follower(*impl_, std::move(events)).run();
}

}  // namespace evenkeel::client
