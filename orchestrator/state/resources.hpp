#pragma once

#include <functional>
#include <optional>

#include "orchestrator/state/list.hpp"
#include "orchestrator/state/repository.hpp"
#include "orchestrator/state/resource.hpp"

namespace evenkeel::wire {
class InventoryDigest;
}

namespace evenkeel::state {

struct Body;
struct ComplianceCounts;
// The described resources of the hosts, and how many of each host have which verdict.
class Resources : protected Repository {
  public:
    explicit Resources(const View& view) : Repository(view) {}

    // O(1)
    Result<std::optional<Resource>> find(std::string_view host, const wire::Ref& ref) const;
    // How many of the host's have which verdict. O(1)
    Result<ComplianceCounts> counts(std::string_view host) const;
    // All of one host, by collection and id. False ends it. O(answer)
    Result<void> each(std::string_view host, const std::function<bool(Resource)>& visit) const;
    // Of the host's descriptions that came from here, which resource has which generation. No
    // record is parsed, unless it has an id with escapes. False ends it. O(resources of the host)
    Result<void> each_generation(
        std::string_view host, const std::function<bool(wire::Ref, wire::Generation)>& visit) const;
    // Of the same descriptions. O(1)
    Result<wire::InventoryDigest> digest(std::string_view host) const;
    // Whether the host has one of this collection. O(1)
    Result<bool> has_any(std::string_view host, std::string_view collection) const;

    // By host, collection and id: all; those of one host; those of one collection of it.
    List list() const;
    List list(std::string_view host) const;
    List list(std::string_view host, std::string_view collection) const;
    static Result<Resource> read(const Entry& entry);
    // Not of the description, of which the record has nothing; of the verdict, as it is stored.
    // False when it cannot be told.
    static bool peek(const Entry& entry, const FieldNames& names, FieldValues& values);
    static std::string_view host_of(const Entry& entry);
    static std::string_view collection_of(const Entry& entry);
    static Result<wire::Ref> ref_of(const Entry& entry);
    // Requires fits(ref).
    static std::string position_of(std::string_view host, const wire::Ref& ref);
    // The beginning of the positions of one host's.
    static std::string positions_of(std::string_view host);
};

// Changes take the resource as it was read in this transaction, or null where there was none: it
// need not be read again.
class ResourceEdits : public Resources, private RepositoryEdits {
  public:
    explicit ResourceEdits(Edit& edit);

    // Writes what is desired and observed; the description stays the one of resource.body. O(1)
    Result<void> put(std::string_view host, const Resource* before, const Resource& resource);
    // The same with a new description (see Protector::seal), written as a body of its own. O(1)
    // `mac` is its Resource::description_mac, which may be empty.
    Result<void> describe(std::string_view host, const Resource* before, Resource& resource,
                          json::Value description, std::string mac);
    // O(1)
    Result<void> erase(std::string_view host, const Resource& before);

  private:
    // Keeps what it requires, which was `from` and is `to`; null where there is none.
    Result<void> require(std::string_view host, const wire::Ref& ref, const Resource* from,
                         const Resource* to);
    Result<void> count(std::string_view host, const Resource* from, const Resource* to);
    Result<void> digest_change(std::string_view host, const Resource* from, const Resource* to);
};

}  // namespace evenkeel::state
