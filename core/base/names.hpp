#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/text.hpp"

// The names of an enum's values, in one table that stands beside the enum. A function named
// `enum_names` in the enum's own namespace makes it a named enum:
//
//     enum class Policy { report, enforce };
//     constexpr auto enum_names(Policy) {
//         return names<Policy>("policy", {{Policy::report, "report"},
//                                         {Policy::enforce, "enforce"}});
//     }
//
// and everything below works for it. A namespace whose own `to_string` functions hide this one
// says `using evenkeel::to_string;`. [any]
namespace evenkeel {

template <typename E>
struct NameOf {
    E value;
    std::string_view name;
};

template <typename E, std::size_t N>
struct Names {
    std::string_view what;  // what messages call such a value: "policy"
    std::array<NameOf<E>, N> all;
};

template <typename E, std::size_t N>
constexpr Names<E, N> names(std::string_view what, const NameOf<E> (&all)[N]) {
    return {what, std::to_array(all)};
}

template <typename E>
concept NamedEnum = requires(E value) {
    enum_names(value).all;
};

// Static storage. A value that is not in the table is a bug; it reads as the first name.
template <NamedEnum E>
constexpr std::string_view to_string(E value) {
    constexpr auto table = enum_names(E{});
    for (const NameOf<E>& one : table.all) {
        if (one.value == value) return one.name;
    }
    return table.all.front().name;
}

template <NamedEnum E>
constexpr std::optional<E> find_name(std::string_view name) {
    constexpr auto table = enum_names(E{});
    for (const NameOf<E>& one : table.all) {
        if (one.name == name) return one.value;
    }
    return std::nullopt;
}

// All names in the table's order, "report, enforce": for messages.
template <NamedEnum E>
std::string joined_names() {
    std::string joined;
    for (const NameOf<E>& one : enum_names(E{}).all) {
        joined.append(joined.empty() ? "" : ", ").append(one.name);
    }
    return joined;
}

// The same as a list.
template <NamedEnum E>
std::vector<std::string> name_list() {
    std::vector<std::string> list;
    for (const NameOf<E>& one : enum_names(E{}).all) list.emplace_back(one.name);
    return list;
}

// `invalid`, with the names there are, for another one.
template <NamedEnum E>
Result<E> from_string(std::string_view name) {
    if (const auto found = find_name<E>(name)) return *found;
    return fail(Errc::invalid, std::string(enum_names(E{}).what) + " '" + printable(name) +
                                   "' is none of " + joined_names<E>());
}

// A name from a peer, or from a store, that may be of a newer version: one of E, or a text that is
// none of its names and is kept as it came.
template <NamedEnum E>
class OpenName {
  public:
    OpenName() = default;
    OpenName(E value) : known_(value) {}
    explicit OpenName(std::string_view text) : known_(find_name<E>(text)) {
        if (!known_) other_ = text;
    }

    // Nothing for a text that is no name of E.
    std::optional<E> known() const { return known_; }
    std::string_view text() const { return known_ ? to_string(*known_) : other_; }
    bool empty() const { return text().empty(); }

    friend bool operator==(const OpenName& a, const OpenName& b) { return a.text() == b.text(); }
    friend bool operator==(const OpenName& a, E b) { return a.known_ == b; }

  private:
    std::optional<E> known_;
    std::string other_;
};

}  // namespace evenkeel
