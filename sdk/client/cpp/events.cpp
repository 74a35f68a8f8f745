#include <utility>

#include "core/base/text.hpp"
#include "sdk/client/cpp/decode.hpp"
#include "sdk/client/cpp/follow.hpp"

namespace evenkeel::client {
namespace {

// The number behind the last '-' of "<stream>-<revision>", or -1.
std::int64_t revision_of(std::string_view id) {
    const std::size_t dash = id.rfind('-');
    if (dash == std::string_view::npos) return -1;
    const auto number = parse_number(id.substr(dash + 1));
    return number ? static_cast<std::int64_t>(*number) : -1;
}

}  // namespace

Result<> Client::events(const EventQuery& query, const std::function<bool(const Event&)>& on_event,
                        const EventOptions& options) {
    Subscription events{
        .request = {.path = "/v1/events", .query = {{"host", query.host}, {"type", query.type}}},
        .since = query.since,
        .take =
            [&](const std::string&, const json::Value& data) {
                const Event event = decode_event(data);
                if (options.until >= 0 && revision_of(event.id) > options.until) return false;
                return on_event(event);
            },
        .options = options};
    if (options.until >= 0) {
        events.reached = [&](const std::string& id) { return revision_of(id) < options.until; };
    }
    return Follower(*impl_, std::move(events)).run();
}

}  // namespace evenkeel::client
