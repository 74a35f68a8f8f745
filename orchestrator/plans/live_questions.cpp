#include "orchestrator/plans/live_questions.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "orchestrator/commands/command_size.hpp"
#include "orchestrator/plans/host_comparison.hpp"
#include "orchestrator/plans/host_compiler.hpp"
#include "orchestrator/plans/trial.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::plans {
namespace {

// One host's requests of one verb, in as many parts as its commands would be.
class Requests {
  public:
    explicit Requests(wire::Verb verb) : verb_(verb) {}

    void add(const wire::ResourceRequest& resource) {
        json::Value entry = wire::encode(resource);
        const std::size_t size = json::write(entry).size();
        const bool is_full = bytes_ + size > commands::kCommandBytesMost ||
                             entries_.size() >= commands::kCommandEntriesMost;
        if (is_full) end_part();
        bytes_ += size;
        total_ += size;
        entries_.push_back(std::move(entry));
    }

    std::size_t bytes() const { return total_; }
    void put_into(std::vector<wire::Request>& requests) {
        end_part();
        std::move(parts_.begin(), parts_.end(), std::back_inserter(requests));
    }

  private:
    void end_part() {
        bytes_ = 0;
        if (entries_.empty()) return;
        wire::Request part;
        part.verb = wire::RequestVerb::plan;
        part.arguments = json::Object{{"verb", to_string(verb_)},
                                      {"resources", std::exchange(entries_, json::Array())}};
        parts_.push_back(std::move(part));
    }

    wire::Verb verb_;
    json::Array entries_;
    std::size_t bytes_ = 0;
    std::size_t total_ = 0;
    std::vector<wire::Request> parts_;
};

// Returns the bytes of what the host is asked.
std::size_t ask(const HostDifference& difference, LiveHost& asked) {
    Requests applied(wire::Verb::apply);
    Requests removed(wire::Verb::remove);
    for (const ResourceDifference& each : difference.resources) {
        if (each.change == ChangeKind::own) continue;
        asked.changes.push_back({each.change, each.ref, each.paths});
        if (each.change == ChangeKind::forget) continue;
        wire::ResourceRequest resource;
        resource.ref = each.ref;
        if (each.change == ChangeKind::remove) {
            removed.add(resource);
            continue;
        }
        if (each.wanted->has_unchecked_secret) {
            asked.unasked =
                Unasked{"unknown-collection", "the host has not said yet which fields of " +
                                                  each.ref.collection + " are secret"};
            return 0;
        }
        resource.description = each.wanted->description;
        resource.policy = each.wanted->policy;
        resource.relations = each.wanted->relations;
        applied.add(resource);
    }
    applied.put_into(asked.requests);
    removed.put_into(asked.requests);
    return applied.bytes() + removed.bytes();
}

}  // namespace

std::vector<PlannedHost> asking_order(const Trial& trial) {
    std::map<std::string_view, const PlannedHost*> by_name;
    for (const PlannedHost& host : trial.changed) by_name.emplace(host.name, &host);
    std::vector<PlannedHost> order;
    std::set<std::string_view> seen;
    const auto add = [&](const PlannedHost& host) {
        if (seen.insert(host.name).second) order.push_back(host);
    };
    for (std::size_t place = 0; place < kGroupHostsMost; ++place) {
        for (const Group& group : trial.groups.groups) {
            if (place >= group.hosts.size()) continue;
            const auto found = by_name.find(group.hosts[place]);
            if (found != by_name.end()) add(*found->second);
        }
    }
    for (const PlannedHost& host : trial.changed) add(host);
    return order;
}

Result<void> make_questions(const state::View& view, const secrets::Protector& protector,
                            const state::SchemaCache& schemas, const Edits& edits,
                            std::vector<LiveHost>& hosts, const std::atomic<bool>& stops) {
    HostCompiler compiler(view, schemas, edits.after,
                          std::make_shared<Peers>(&stops, &edits.hosts));
    const std::vector<ResourceEdit> none;
    std::size_t bytes = 0;
    for (LiveHost& asked : hosts) {
        const auto host = EK_TRY(view.hosts().find(asked.host.id));
        if (!host || host->retired()) continue;
        const auto edited = edits.hosts.find(host->id);
        const HostComparison compared =
            EK_TRY(compare(compiler, view, protector, edits.after, as_left(edits.hosts, *host),
                           edited == edits.hosts.end() ? none : edited->second.resources));
        bytes += ask(compared.difference(), asked);
        if (bytes <= kAskedBytesMost) continue;
        asked.requests.clear();
        asked.unasked = Unasked{"limit", "what all hosts are asked is too large"};
    }
    return {};
}

}  // namespace evenkeel::plans
