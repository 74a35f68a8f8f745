#include "plugins/accounts/reader.hpp"

#include <evenkeel/json.hpp>

#include "plugins/accounts/fields.hpp"
#include "plugins/posix/each.hpp"

namespace evenkeel::accounts {

void Reader::list(const sdk::Call& call, std::string_view filter) const {
    const Database database = Database::load(etc_);
    const AccountKind::ToJson to_json = call.describe() ? kind_.description : kind_.state;
    const auto read_one = [&](const std::string& id) { return to_json(database, id); };
    if (!filter.empty() && sdk::json::find(sdk::json::parse_object(filter), "ids"))
        return posix::list_each(call, filter, posix::stamped(stamp_, read_one));
    for (const std::string& name : kind_.names(database)) {
        call.check();
        if (!is_name(name)) continue;
        if (const auto json = to_json(database, name)) call.item(name, *json);
    }
}

void Reader::read(const sdk::Call& call, std::string_view ids) const {
    const Database database = Database::load(etc_);
    const AccountKind::ToJson to_json = call.describe() ? kind_.description : kind_.state;
    posix::read_each(call, ids, posix::stamped(stamp_, [&](const std::string& id) {
                         return to_json(database, id);
                     }));
}

Reader::Watch::Watch(const Reader& reader, const sdk::Call&, const sdk::WatchHost& host)
    : EtcWatch(
          host,
          [state = reader.kind_.state](const Database& database, const std::string& id) {
              return state(database, id).value_or("");
          },
          reader.etc_) {}

}  // namespace evenkeel::accounts
