#include "plugins/accounts/each.hpp"

namespace evenkeel::accounts {

void list_each(const sdk::Call& call, std::string_view filter_json,
               const std::vector<std::string>& names, const posix::ReadOne& read_one) {
    if (!filter_json.empty() &&
        sdk::json::find(sdk::json::parse_object(filter_json), "ids") != nullptr)
        return posix::list_each(call, filter_json, read_one);
    std::uint32_t sent = 0;
    for (const std::string& name : names) {
        call.check();
        if (call.limit() != 0 && sent == call.limit()) return;
        if (const auto state = read_one(name)) call.item(name, *state), ++sent;
    }
}

}  // namespace evenkeel::accounts
