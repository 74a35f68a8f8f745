#include "core/store/write_set.hpp"

namespace evenkeel::store {

void WriteSet::add(unsigned table, std::string_view key) {
    std::string both = std::to_string(table);
    both.append(":").append(key);
    if (!seen_.insert(std::move(both)).second) return;
    touches_.push_back({table, std::string(key)});
}

void WriteSet::add(const WriteSet& other) {
    for (const Touch& touch : other.touches_) add(touch.table, touch.key);
}

}  // namespace evenkeel::store
