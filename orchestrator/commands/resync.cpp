#include "orchestrator/commands/resync.hpp"

#include <map>
#include <optional>
#include <utility>

#include "core/wire/inventory_digest.hpp"
#include "core/wire/message.hpp"
#include "core/wire/relations.hpp"
#include "orchestrator/commands/queue.hpp"
#include "orchestrator/state/bodies.hpp"
#include "orchestrator/state/commands.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/resources.hpp"

namespace evenkeel::commands {
namespace {

using state::CommandEntry;
using state::Resource;

// Of one command, so that its message stays well below the bus's limit. What a description takes
// in the store is more than on the bus.
constexpr std::size_t kEntriesMost = 200;
constexpr std::size_t kBytesMost = 600 * 1024;

// Collects entries and makes a command of them before it gets too large.
class Batch {
  public:
    Batch(state::Edit& edit, std::string host, wire::Verb verb)
        : edit_(&edit), host_(std::move(host)), verb_(verb) {}

    Result<void> add(CommandEntry entry) {
        const std::size_t body = EK_TRY(edit_->bodies().bytes(entry.body));
        const std::size_t size = body + entry.ref.id.size() + 512;
        if (entries_.size() == kEntriesMost || bytes_ + size > kBytesMost) EK_CHECK(flush());
        bytes_ += size;
        entries_.push_back(std::move(entry));
        return {};
    }

    Result<void> flush() {
        if (entries_.empty()) return {};
        EK_CHECK(enqueue(*edit_, {.host = host_,
                                  .verb = verb_,
                                  .resources = std::exchange(entries_, {}),
                                  .request_id = ""}));
        bytes_ = 0;
        ++made_;
        return {};
    }

    std::size_t made() const { return made_; }

  private:
    state::Edit* edit_;
    std::string host_;
    wire::Verb verb_;
    std::vector<CommandEntry> entries_;
    std::size_t bytes_ = 0;
    std::size_t made_ = 0;
};

// Of the host's descriptions that came from here: those that `there` lacks or has of another
// generation. What is left in `there` is not described. Only what differs is decoded.
Result<std::vector<Resource>> take_differing(const state::View& view, const std::string& host,
                                             std::map<wire::Ref, wire::Generation>& there) {
    std::vector<wire::Ref> refs;
    EK_CHECK(
        view.resources().each_generation(host, [&](wire::Ref ref, wire::Generation generation) {
            const auto found = there.find(ref);
            const bool is_same = found != there.end() && found->second == generation;
            if (found != there.end()) there.erase(found);
            if (!is_same) refs.push_back(std::move(ref));
            return true;
        }));
    std::vector<Resource> differing;
    for (const wire::Ref& ref : refs) {
        if (auto resource = EK_TRY(view.resources().find(host, ref))) {
            differing.push_back(*std::move(resource));
        }
    }
    return differing;
}

CommandEntry entry_for(const Resource& resource) {
    CommandEntry entry;
    entry.ref = resource.ref;
    entry.generation = resource.generation;
    entry.policy = resource.policy;
    entry.relations = resource.relations;
    if (!resource.removing) entry.body = resource.body;
    return entry;
}

// What is required goes first: into the same command, or into one before it.
void put_in_order(std::vector<Resource>& resources) {
    std::vector<wire::RelatedResource> entries;
    for (const Resource& resource : resources)
        entries.push_back({resource.ref, resource.relations, ""});
    const auto order = wire::in_order(entries);
    if (!order) return;
    std::vector<Resource> sorted;
    for (const std::size_t at : *order) sorted.push_back(std::move(resources[at]));
    resources = std::move(sorted);
}

}  // namespace

Result<std::vector<wire::InventoryItem>> desired_inventory(const state::View& view,
                                                           const std::string& host) {
    std::vector<wire::InventoryItem> inventory;
    EK_CHECK(
        view.resources().each_generation(host, [&](wire::Ref ref, wire::Generation generation) {
            inventory.push_back({.ref = std::move(ref), .generation = std::move(generation)});
            return true;
        }));
    return inventory;
}

Result<bool> agrees(const state::View& view, const std::string& host, const wire::Digest& digest) {
    if (digest.xor_sha256.empty()) {
        return digest.sha256 == wire::digest_of("", EK_TRY(desired_inventory(view, host))).sha256;
    }
    const wire::InventoryDigest desired = EK_TRY(view.resources().digest(host));
    return digest.count == desired.count() && digest.xor_sha256 == desired.hex();
}

Result<std::size_t> repair(state::Edit& edit, const std::string& host,
                           const std::vector<wire::InventoryItem>& inventory) {
    if (EK_TRY(edit.commands().has_unfinished(host))) {
        return fail(Errc::conflict, "commands are under way");
    }
    std::map<wire::Ref, wire::Generation> there;
    for (const wire::InventoryItem& item : inventory) there[item.ref] = item.generation;
    Batch apply(edit, host, wire::Verb::apply);
    Batch remove(edit, host, wire::Verb::remove);
    Batch forget(edit, host, wire::Verb::forget);
    std::vector<Resource> differing = EK_TRY(take_differing(edit, host, there));
    put_in_order(differing);
    for (const Resource& resource : differing) {
        if (!resource.removing) EK_CHECK(apply.add(entry_for(resource)));
    }
    // What requires something goes before that does.
    for (auto at = differing.rbegin(); at != differing.rend(); ++at) {
        if (at->removing) EK_CHECK(remove.add(entry_for(*at)));
    }
    for (const auto& [ref, generation] : there) {
        CommandEntry entry;
        entry.ref = ref;
        // Above whatever the host holds of our stream.
        entry.generation = {.stream = edit.stream(), .revision = EK_TRY(edit.next_revision())};
        EK_CHECK(forget.add(std::move(entry)));
    }
    for (Batch* batch : {&apply, &remove, &forget}) EK_CHECK(batch->flush());
    return apply.made() + remove.made() + forget.made();
}

}  // namespace evenkeel::commands
