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

HeldPlugins::HeldPlugins(const std::string& state_dir, std::vector<DisabledCollection> stored,
                         Journal& journal)
    : folder_(marks_folder(state_dir)), journal_(journal) {
    for (DisabledCollection& disabled : stored)
        disabled_[disabled.collection] = std::move(disabled);
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
    disabled_[collection] = {collection, lost.plugin,
                             plugin::sentence_of(lost) + how_to_release(collection),
                             lost.file.ends_with("+loading")};
    if (auto kept = keep(disabled_[collection]); !kept)
        log::warning("cannot keep that a plugin is held", {{"why", kept.error().what}});
}

// Before any plugin is loaded, since the next one may end the process as well.
Result<void> HeldPlugins::keep(const DisabledCollection& disabled) {
    auto txn = EK_TRY(journal_.store().env().write());
    EK_CHECK(journal_.store().put(txn, disabled));
    return txn.commit();
}

const DisabledCollection* HeldPlugins::find(const std::string& collection,
                                            const std::string& plugin) {
    const auto found = disabled_.find(collection);
    if (found == disabled_.end()) return nullptr;
    DisabledCollection& disabled = found->second;
    if (!disabled.plugin.empty() && disabled.plugin != plugin) {
        journal_.commit({},
                        [&store = journal_.store(), collection](store::WriteTxn& txn, const auto&) {
                            return store.drop_disabled(txn, collection);
                        },
                        {});
        disabled_.erase(found);
        return nullptr;
    }
    if (disabled.plugin.empty()) {
        disabled.plugin = plugin;
        journal_.commit({},
                        [&store = journal_.store(), disabled](store::WriteTxn& txn, const auto&) {
                            return store.put(txn, disabled);
                        },
                        {});
    }
    return &disabled;
}

void HeldPlugins::hold(const std::string& collection, const std::string& plugin,
                       const std::string& why) {
    const DisabledCollection disabled{collection, plugin, why + how_to_release(collection), false};
    disabled_[collection] = disabled;
    journal_.commit({},
                    [&store = journal_.store(), disabled](store::WriteTxn& txn, const auto&) {
                        return store.put(txn, disabled);
                    },
                    {});
}

void HeldPlugins::let_in(const std::string& collection) {
    if (disabled_.erase(collection) == 0) return;
    journal_.commit({},
                    [&store = journal_.store(), collection](store::WriteTxn& txn, const auto&) {
                        return store.drop_disabled(txn, collection);
                    },
                    {});
}

std::optional<std::string> HeldPlugins::reason(const std::string& collection,
                                               const std::string& plugin) {
    const DisabledCollection* disabled = find(collection, plugin);
    return disabled ? std::optional(disabled->reason) : std::nullopt;
}

std::optional<std::string> HeldPlugins::reason_not_to_load(
    const std::vector<std::string>& collections, const std::string& plugin, bool is_apart) {
    std::size_t held = 0;
    std::optional<std::string> reason;
    for (const std::string& collection : collections) {
        const DisabledCollection* disabled = find(collection, plugin);
        if (!disabled) continue;
        if (disabled->loading) return disabled->reason;
        ++held;
        reason = disabled->reason;
    }
    return is_apart && held == collections.size() ? reason : std::nullopt;
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
