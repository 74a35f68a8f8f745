#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/json/json.hpp"
#include "orchestrator/http/frame.hpp"

namespace evenkeel::api {

struct Touched;

// What identifies an entry of a list to clients. Shared by all that keep it; null at first.
class Identity {
  public:
    Identity() = default;
    Identity(json::Object members)
        : members_(std::make_shared<const json::Object>(std::move(members))) {}
    explicit operator bool() const { return members_ != nullptr; }
    const json::Object& operator*() const { return *members_; }

  private:
    std::shared_ptr<const json::Object> members_;
};

enum class ListChange { added, modified, deleted };

// One entry of a list as it is now: made, and written as text, once for all its followers.
class ShownItem {
  public:
    ShownItem() = default;  // it is not in the list
    ShownItem(json::Value item, Identity identity);

    // Null when it is not in the list.
    const json::Value* item() const { return item_ ? &*item_ : nullptr; }
    const Identity& identity() const { return identity_; }
    // Tells one item from another. A new `last_seen`, which each heartbeat changes, is no change.
    std::size_t hash() const { return hash_; }
    // The event with the item, or for `deleted` with its identity: `known`, where it is not in the
    // list.
    const http::Frame& frame(ListChange change, const Identity& known);
    // What it takes in memory, about.
    std::size_t bytes() const { return kOwnBytes + 4 * text_.size(); }

  private:
    static constexpr std::size_t kOwnBytes = 512;

    std::optional<json::Value> item_;
    Identity identity_;
    std::string text_;
    std::size_t hash_ = 0;
    std::array<http::Frame, 3> frames_;  // by ListChange
};

// Items of lists, kept while followers of one list are served one after the other. Owned by the
// ListFeed, which drops what has changed, and all of them when everybody is served. [loop]
class ShownItems {
  public:
    static constexpr std::size_t kBytesMost = 8 << 20;

    // Null when it is not kept.
    ShownItem* find(const std::string& list, std::string_view position);
    // Drops all others first when there are too many.
    ShownItem& keep(const std::string& list, const std::string& position, ShownItem item);
    // What may have changed.
    void drop(const std::string& list, const Touched& touched);
    void clear();
    std::size_t bytes() const { return bytes_; }

  private:
    using Items = std::map<std::string, ShownItem, std::less<>>;  // by position
    Items::iterator erase(Items& items, Items::iterator at);

    std::map<std::string, Items> lists_;
    std::size_t bytes_ = 0;
};

}  // namespace evenkeel::api
