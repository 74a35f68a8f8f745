#pragma once

#include <optional>
#include <vector>

#include "orchestrator/state/host.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

class List;

// The collections that each host reported at its last hello, and the JSON Schemas that they name:
// of a schema there is one copy, however many hosts have it.
class Collections : protected Repository {
  public:
    explicit Collections(const View& view) : Repository(view) {}

    // All of one host, by name. O(answer)
    Result<std::vector<Collection>> of(std::string_view host) const;
    // O(1)
    Result<std::optional<Collection>> find(std::string_view host, std::string_view name) const;
    // The text of the schema with this SHA-256. O(1)
    Result<std::optional<std::string>> schema(std::string_view sha256) const;

    // Those of one host, by name.
    List list(std::string_view host) const;
    static Result<Collection> read(const Entry& entry);
    static std::string_view name_of(const Entry& entry);
    // The beginning of the positions of one host's.
    static std::string positions_of(std::string_view host);
};

class CollectionEdits : public Collections, private RepositoryEdits {
  public:
    explicit CollectionEdits(Edit& edit);

    // In place of what the host reported before; what differs is noted in to_compile(). O(both)
    Result<void> replace(const std::string& host, const std::vector<Collection>& all);
    // What is not there yet; the hosts to be compiled that have it are noted in to_compile() anew:
    // one of them may wait for it. O(hosts to be compiled and their collections)
    Result<void> put_schema(const std::string& sha256, std::string_view text);
};

}  // namespace evenkeel::state
