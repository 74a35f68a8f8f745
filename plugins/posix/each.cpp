#include "plugins/posix/each.hpp"

#include <cstddef>
#include <vector>

namespace evenkeel::posix {

namespace {

// Sends those that exist or cannot be read and returns how many.
std::size_t send_each(const sdk::Call& call, const std::vector<std::string>& ids,
                      const ReadOne& read_one) {
    std::size_t found = 0;
    for (std::size_t at = 0; at < ids.size(); ++at) {
        call.check();
        try {
            const auto one = read_one(ids[at], call.known_stamp(at));
            if (!one) continue;
            if (one->unchanged) call.unchanged(ids[at], one->stamp);
            else call.item(at, ids[at], one->state, one->stamp);
        } catch (const sdk::Failure& failure) {
            if (failure.status() == EK_E_CANCELLED || failure.status() == EK_E_TIMEOUT) throw;
            call.unreadable(ids[at], failure);
        }
        ++found;
    }
    return found;
}

}  // namespace

void read_each(const sdk::Call& call, std::string_view ids_json, const ReadOne& read_one) {
    const auto ids = sdk::json::texts_of(sdk::json::parse(ids_json));
    if (send_each(call, ids, read_one) == 0)
        throw sdk::Failure(EK_E_NOT_FOUND, ids.size() == 1 ? ids.front() + " does not exist"
                                                           : "none of these exists");
}

void list_each(const sdk::Call& call, std::string_view filter_json, const ReadOne& read_one) {
    const auto filter = sdk::json::parse_object(filter_json);
    const sdk::json::Value* wanted = sdk::json::find(filter, "ids");
    if (wanted) send_each(call, sdk::json::texts_of(*wanted), read_one);
}

}  // namespace evenkeel::posix
