#include "core/agent/held_plugins.hpp"

#include <algorithm>
#include <utility>

#include "core/agent/config/config.hpp"
#include "core/agent/store/agent_store.hpp"
#include "core/agent/store/journal.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"

namespace evenkeel::agent {
namespace {

// Behind the name of the collection, by HeldPlugins::Calls.
constexpr const char* kSuffixes[] = {"", "+", "+watch", "+loading"};

std::string how_to_release(const std::string& collection) {
    return "; after mending the plugin run: evenkeel-agent plugins --release " + collection;
}

}  // namespace

HeldPlugins::HeldPlugins(const std::string& state_dir, std::vector<HeldCollection> stored,
                         Journal& journal)
    : folder_(marks_folder(state_dir)), journal_(journal) {
    for (HeldCollection& held : stored) held_[held.collection] = std::move(held);
    for (const plugin::LostCall& lost : plugin::take_lost_calls(folder_)) take(lost);
}

void HeldPlugins::take(const plugin::LostCall& lost) {
    const std::size_t plus = std::min(lost.file.find('+'), lost.file.size());
    const std::string collection = percent_decode(lost.file.substr(0, plus)).value_or("");
    log::warning("the last run of the agent ended during a call of a plugin",
                 {{"collection", collection},
                  {"call", lost.what},
                  {"signal", std::to_string(lost.signal)},
                  {"endings", std::to_string(lost.endings)}});
    if (!lost.guilty()) return;
    held_[collection] = {collection, lost.plugin,
                         plugin::sentence_of(lost) + how_to_release(collection),
                         lost.file.ends_with("+loading")};
    if (auto kept = keep(held_[collection]); !kept)
        log::warning("cannot keep that a plugin is held", {{"why", kept.error().what}});
}

// Before any plugin is loaded, since the next one may end the process as well.
Result<void> HeldPlugins::keep(const HeldCollection& held) {
    auto txn = EK_TRY(journal_.store().env().write());
    EK_CHECK(journal_.store().put(txn, held));
    return txn.commit();
}

const HeldCollection* HeldPlugins::find(const std::string& collection, const std::string& plugin) {
    const auto found = held_.find(collection);
    if (found == held_.end()) return nullptr;
    HeldCollection& held = found->second;
    if (!held.plugin.empty() && held.plugin != plugin) {
        journal_.commit({},
                        [&store = journal_.store(), collection](store::WriteTxn& txn, const auto&) {
                            return store.drop_held(txn, collection);
                        },
                        {});
        held_.erase(found);
        return nullptr;
    }
    if (held.plugin.empty()) {
        held.plugin = plugin;
        journal_.commit({},
                        [&store = journal_.store(), held](store::WriteTxn& txn, const auto&) {
                            return store.put(txn, held);
                        },
                        {});
    }
    return &held;
}

void HeldPlugins::hold(const std::string& collection, const std::string& plugin,
                       const std::string& why) {
    const HeldCollection held{collection, plugin, why + how_to_release(collection), false};
    held_[collection] = held;
    journal_.commit({},
                    [&store = journal_.store(), held](store::WriteTxn& txn, const auto&) {
                        return store.put(txn, held);
                    },
                    {});
}

bool HeldPlugins::let_in(const std::string& collection) {
    if (held_.erase(collection) == 0) return false;
    journal_.commit({},
                    [&store = journal_.store(), collection](store::WriteTxn& txn, const auto&) {
                        return store.drop_held(txn, collection);
                    },
                    {});
    return true;
}

std::optional<std::string> HeldPlugins::reason(const std::string& collection,
                                               const std::string& plugin) {
    const HeldCollection* held = find(collection, plugin);
    return held ? std::optional(held->reason) : std::nullopt;
}

std::optional<std::string> HeldPlugins::reason_not_to_load(
    const std::vector<std::string>& collections, const std::string& plugin, bool is_isolated) {
    std::size_t count = 0;
    std::optional<std::string> reason;
    for (const std::string& collection : collections) {
        const HeldCollection* held = find(collection, plugin);
        if (!held) continue;
        if (held->loading) return held->reason;
        ++count;
        reason = held->reason;
    }
    return is_isolated && count == collections.size() ? reason : std::nullopt;
}

std::shared_ptr<plugin::CallMark> HeldPlugins::open_mark(const std::string& collection,
                                                         const std::string& plugin,
                                                         Calls calls) const {
    const std::string file =
        percent_encode(collection) + kSuffixes[static_cast<std::size_t>(calls)];
    auto mark = plugin::CallMark::open(folder_ + "/" + file, plugin);
    if (mark) return *mark;
    log::warning("calls are not marked", {{"why", mark.error().what}});
    return nullptr;
}

}  // namespace evenkeel::agent
