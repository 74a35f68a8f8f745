#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "core/base/result.hpp"

namespace evenkeel::schema {
class Schema;
}

namespace evenkeel::state {

class View;

// The collections' schemas, compiled once each and found by their hash. [any]
class SchemaCache {
  public:
    using Pointer = std::shared_ptr<const schema::Schema>;

    // The schema of a collection as the host reported it; null while the host has not reported
    // the collection, or its schema has not come yet.
    Result<Pointer> find(const View& view, std::string_view host,
                         std::string_view collection) const;
    // By the hash of its text; null when the store has none.
    Result<Pointer> find_hash(const View& view, const std::string& sha256) const;

  private:
    mutable std::mutex mutex_;
    mutable std::map<std::string, Pointer> compiled_;
};

}  // namespace evenkeel::state
