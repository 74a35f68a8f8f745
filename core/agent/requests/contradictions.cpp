#include "core/agent/requests/contradictions.hpp"

#include <map>
#include <set>
#include <string>

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/decide.hpp"
#include "core/agent/store/agent_store.hpp"
#include "core/plugin/collection.hpp"
#include "core/schema/schema.hpp"
#include "core/wire/mirrors.hpp"

namespace evenkeel::agent {
namespace {

using wire::MirroredResource;
using wire::Ref;
using wire::StoredLists;

std::vector<wire::Mirror> mirrors_of(const CollectionRegistry& registry, const std::string& name) {
    const CollectionRunner* runner = registry.find(name);
    if (!runner) return {};
    return wire::mirrors_of(runner->collection().schema().document());
}

// The lists of what is enforced here, by collection, each read once.
class Stored {
  public:
    Stored(const HostView& host, const std::set<Ref>& request) : host_(host), request_(request) {}

    const std::vector<StoredLists>& of(const std::string& collection) {
        const auto [found, is_new] = lists_.try_emplace(collection);
        if (!is_new) return found->second;
        const auto mirrors = mirrors_of(host_.registry, collection);
        for (const std::string& id : host_.catalog.ids_of(collection)) {
            const Ref ref{collection, id};
            const CatalogEntry* entry = host_.catalog.find(ref);
            if (entry->metadata.policy != wire::Policy::enforce || request_.contains(ref)) continue;
            const auto body = host_.store.body(ref);
            if (body && *body)
                found->second.push_back({ref, wire::mirrored_lists(mirrors, **body)});
        }
        return found->second;
    }

  private:
    const HostView& host_;
    const std::set<Ref>& request_;
    std::map<std::string, std::vector<StoredLists>> lists_;
};

void add_stored(const MirroredResource& resource, Stored& stored,
                std::vector<wire::WrongField>& wrong) {
    for (const wire::MirroredList& list : resource.lists) {
        for (const StoredLists& other : stored.of(list.mirror.collection)) {
            const std::string words = wire::contradicts_stored(resource, other);
            if (words.empty()) continue;
            wrong.push_back({resource.at + "/description/" + list.mirror.field, "invalid", words});
        }
    }
}

}  // namespace

void add_contradictions(const std::vector<wire::ResourceRequest>& request, const HostView& host,
                        std::vector<wire::WrongField>& wrong) {
    std::vector<MirroredResource> resources;
    std::set<Ref> refs;
    for (std::size_t i = 0; i < request.size(); ++i) {
        const wire::ResourceRequest& entry = request[i];
        refs.insert(entry.ref);
        resources.push_back({entry.ref, entry.policy,
                             wire::mirrored_lists(mirrors_of(host.registry, entry.ref.collection),
                                                  entry.description),
                             "/resources/" + std::to_string(i)});
    }
    for (wire::WrongField& each : wire::find_contradictions(resources))
        wrong.push_back(std::move(each));
    Stored stored(host, refs);
    for (const MirroredResource& resource : resources)
        if (resource.policy == wire::Policy::enforce) add_stored(resource, stored, wrong);
}

}  // namespace evenkeel::agent
