#include <map>
#include <set>
#include <utility>

#include "sdk/client/cpp/follow.hpp"

namespace evenkeel::client {
namespace {

// What the list shows, and what was heard since the last bookmark. Only at a bookmark is the one
// brought up to the other: what a lost connection has told by half is told again by the next.
class Watched {
  public:
    // The next bookmark ends the whole list, not changes of it.
    void begin(bool anew) {
        heard_.clear();
        is_whole_ = anew;
    }

    void hear(const std::string& event, const json::Value& item) {
        heard_.emplace_back(key_of(item), event == "deleted" ? "" : json::write(item));
    }

    // The changes up to a bookmark.
    std::vector<ListChange> settle() {
        std::vector<ListChange> changes;
        std::set<std::string> there;
        for (auto& [key, json] : std::exchange(heard_, {})) {
            if (is_whole_) there.insert(key);
            put(key, std::move(json), changes);
        }
        if (std::exchange(is_whole_, false)) {
            std::vector<std::string> gone;
            for (const auto& [key, json] : shown_) {
                if (!there.contains(key)) gone.push_back(key);
            }
            for (const std::string& key : gone) put(key, "", changes);
        }
        return changes;
    }

  private:
    // As `deleted` identifies it: a list within a host by host, collection and id, others by id.
    static std::string key_of(const json::Value& item) {
        const std::string collection = item.string_or("collection");
        if (collection.empty()) return item.string_or("id");
        return item.string_or("host") + '\0' + collection + '\0' + item.string_or("id");
    }

    // Empty text: it is not there any more.
    void put(const std::string& key, std::string json, std::vector<ListChange>& changes) {
        const auto shown = shown_.find(key);
        if (json.empty()) {
            if (shown == shown_.end()) return;
            changes.push_back({"deleted", std::move(shown->second)});
            shown_.erase(shown);
        } else if (shown == shown_.end()) {
            changes.push_back({"added", json});
            shown_.emplace(key, std::move(json));
        } else if (shown->second != json) {
            changes.push_back({"modified", json});
            shown->second = std::move(json);
        }
    }

    std::map<std::string, std::string> shown_;
    std::vector<std::pair<std::string, std::string>> heard_;
    bool is_whole_ = true;
};

}  // namespace

Result<> Client::watch(Request list,
                       const std::function<bool(const std::vector<ListChange>&)>& on_changes,
                       const std::function<void(const Failure&)>& lost,
                       std::chrono::milliseconds timeout) {
    Watched watched;
    bool first = true;
    list.query.emplace_back("watch", "1");
    Subscription subscription{
        .request = std::move(list),
        .take =
            [&](const std::string& event, const json::Value& data) {
                if (event != "bookmark") {
                    watched.hear(event, data);
                    return true;
                }
                const auto changes = watched.settle();
                const bool tell = std::exchange(first, false) || !changes.empty();
                return !tell || on_changes(changes);
            },
        .begin = [&](bool anew) { watched.begin(anew); },
        // Whatever was missed, the list begun anew shows what has become of it.
        .options = {.timeout = timeout, .lost = lost, .gap = [](const Failure&) { return true; }}};
    return Follower(*impl_, std::move(subscription)).run();
}

}  // namespace evenkeel::client
