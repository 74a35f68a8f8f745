#include <utility>

#include "core/agent/lanes/plugin_calls.hpp"
#include "core/agent/store/agent_store.hpp"
#include "core/base/log.hpp"
#include "core/base/may_pass.hpp"

namespace evenkeel::agent {

OpenedWatch open_watch(LaneContext& lane, const AgentStore& store,
                       const std::vector<Metadata>& described, const plugin::OnHint& on_hint,
                       const plugin::Call& call) {
    OpenedWatch opened;
    plugin::Collection& collection = *lane.collection;
    lane.watch_by(nullptr);
    if (on_hint && collection.watches()) {
        auto watch = collection.watch(on_hint, call);
        if (watch) {
            lane.watch_by(std::move(*watch));
        } else {
            opened.lacks_watch = may_pass(watch.error().code);
            log::warning("cannot watch a collection, the sweep looks after it",
                         {{"collection", collection.name()}, {"why", watch.error().what}});
        }
    }
    for (const Metadata& metadata : described) {
        if (is_watched(metadata.policy) && !lane.interest(metadata.ref.id, true, call))
            ++opened.unwatched;
        if (metadata.schema_version == 0 || metadata.schema_version >= collection.schema_version())
            continue;
        auto stored = store.description(metadata.ref);
        if (!stored || !*stored) continue;
        // Of the body: the catalog may be behind the store.
        const std::uint32_t version = (*stored)->metadata.schema_version;
        if (version == 0 || version >= collection.schema_version()) continue;
        auto body = collection.upgrade(version, without_ensure((*stored)->body));
        if (!body) {
            log::error("cannot bring a description up to the plugin's schema",
                       {{"collection", metadata.ref.collection},
                        {"id", metadata.ref.id},
                        {"why", body.error().what}});
            continue;
        }
        if (const json::Value* ensure = (*stored)->body.find("ensure")) {
            body->as_object().set("ensure", *ensure);
        }
        (*stored)->body = std::move(*body);
        (*stored)->metadata.schema_version = collection.schema_version();
        opened.upgraded.push_back(std::move(**stored));
    }
    return opened;
}

}  // namespace evenkeel::agent
