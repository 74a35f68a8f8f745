#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>

namespace evenkeel::posix {

// What one resource is.
struct Found {
    std::string state;       // JSON; empty if unchanged
    std::string stamp = {};  // of ek_item; may be empty
    bool unchanged = false;  // its state is that of the known stamp
};

// One resource, whose state the host knows by the stamp `known`, which may be empty; nothing if it
// is not there; throws if it cannot be read.
using ReadOne = std::function<std::optional<Found>(const std::string& id, std::string_view known)>;

// Of what is known again by its state alone. `read(id)` returns the JSON of the state, or nothing;
// `stamp` outlives it.
template <typename Read>
ReadOne stamped(const sdk::Stamper& stamp, Read read) {
    return [&stamp, read](const std::string& id, std::string_view) -> std::optional<Found> {
        auto state = read(id);
        if (!state) return std::nullopt;
        std::string made = stamp('s', *state);
        return Found{std::move(*state), std::move(made)};
    };
}

// `read`: an item for each id of the JSON array that is there.
void read_each(const sdk::Call& call, std::string_view ids_json, const ReadOne& read_one);

// `list` with a filter that names ids: an item for each of these that is there.
void list_each(const sdk::Call& call, std::string_view filter_json, const ReadOne& read_one);

}  // namespace evenkeel::posix
