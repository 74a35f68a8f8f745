#include "orchestrator/api/shown_items.hpp"

#include <utility>

#include "orchestrator/api/listing.hpp"

namespace evenkeel::api {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"added", "modified", "deleted"};

std::size_t hash_of(const json::Value& item, const std::string& text) {
    if (!item.find("last_seen")) return std::hash<std::string>()(text);
    json::Value rest = item;
    rest.as_object().erase("last_seen");
    return std::hash<std::string>()(json::write(rest));
}

}  // namespace

ShownItem::ShownItem(json::Value item, Identity identity)
    : item_(std::move(item)),
      identity_(std::move(identity)),
      text_(json::write(*item_)),
      hash_(hash_of(*item_, text_)) {}

const http::Frame& ShownItem::frame(ListChange change, const Identity& known) {
    const auto at = static_cast<std::size_t>(change);
    http::Frame& frame = frames_[at];
    if (!frame && change == ListChange::deleted) {
        frame = http::make_frame("", kNames[at], json::write(item_ ? *identity_ : *known));
    } else if (!frame) {
        frame = http::make_frame("", kNames[at], text_);
    }
    return frame;
}

ShownItem* ShownItems::find(const std::string& list, std::string_view position) {
    const auto items = lists_.find(list);
    if (items == lists_.end()) return nullptr;
    const auto found = items->second.find(position);
    return found == items->second.end() ? nullptr : &found->second;
}

ShownItem& ShownItems::keep(const std::string& list, const std::string& position, ShownItem item) {
    if (bytes_ >= kBytesMost) clear();
    bytes_ += item.bytes();
    return lists_[list].emplace(position, std::move(item)).first->second;
}

ShownItems::Items::iterator ShownItems::erase(Items& items, Items::iterator at) {
    bytes_ -= at->second.bytes();
    return items.erase(at);
}

void ShownItems::drop(const std::string& list, const Touched& touched) {
    const auto found = lists_.find(list);
    if (found == lists_.end()) return;
    Items& items = found->second;
    for (const auto& [position, identity] : touched.positions) {
        if (const auto at = items.find(position); at != items.end()) erase(items, at);
    }
    for (const std::string& beginning : touched.beginnings) {
        auto at = items.lower_bound(beginning);
        while (at != items.end() && at->first.starts_with(beginning)) at = erase(items, at);
    }
}

void ShownItems::clear() {
    lists_.clear();
    bytes_ = 0;
}

}  // namespace evenkeel::api
