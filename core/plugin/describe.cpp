#include <utility>

#include "core/plugin/collection.hpp"
#include "core/schema/fields.hpp"

// Descriptions made from states, for plugins that do not make their own.
namespace evenkeel::plugin {
namespace {

// What of the state can be asked for, without what is asked for anyway.
json::Value described(const schema::Fields& fields, const json::Value& state) {
    json::Object description;
    for (const schema::Field& field : fields) {
        const json::Value* value = state.find(field.name);
        if (value == nullptr || field.property.read_only) continue;
        if (field.default_value && *field.default_value == *value) continue;
        description.set(field.name, *value);
    }
    return description;
}

}  // namespace

Result<std::vector<Item>> Collection::describe(const std::vector<std::string>& ids,
                                               const Call& call) {
    std::vector<Item> items = EK_TRY(list(ids, call));
    const schema::Fields fields(schema());
    for (Item& item : items) {
        if (item.error) continue;
        const json::Value state = std::exchange(item.state, described(fields, item.state));
        const auto wrong = schema().validate(item.state, schema::Mode::description);
        // A state that no description expresses cannot be made elsewhere: refuse it.
        const auto left = compare(item.id, item.state, state);
        if (!left) {
            item.error = left.error();
        } else if (!wrong.empty() || !left->empty()) {
            item.error = Error{Errc::unsupported,
                               "no description says how it is at " +
                                   (wrong.empty() ? left->front().path : wrong.front().pointer)};
        }
    }
    return items;
}

}  // namespace evenkeel::plugin
