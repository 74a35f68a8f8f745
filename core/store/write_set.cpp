#include "core/store/write_set.hpp"

#include <algorithm>

namespace evenkeel::store {

namespace {

// So few are looked through, which is quicker than to keep a set of them.
constexpr std::size_t kFew = 48;

std::string name_of(unsigned table, std::string_view key) {
    return std::to_string(table).append(":").append(key);
}

}  // namespace

bool WriteSet::is_new(unsigned table, std::string_view key) {
    if (touches_.size() < kFew) {
        return std::none_of(touches_.rbegin(), touches_.rend(), [&](const Touch& touch) {
            return touch.table == table && touch.key == key;
        });
    }
    if (seen_.empty()) {
        for (const Touch& touch : touches_) seen_.insert(name_of(touch.table, touch.key));
    }
    return seen_.insert(name_of(table, key)).second;
}

void WriteSet::add(unsigned table, std::string_view key) {
    if (is_new(table, key)) touches_.push_back({table, std::string(key)});
}

void WriteSet::add(const WriteSet& other) {
    for (const Touch& touch : other.touches_) add(touch.table, touch.key);
}

}  // namespace evenkeel::store
