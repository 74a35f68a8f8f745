#pragma once

#include <atomic>

#include "core/json/json.hpp"

namespace evenkeel::secrets {
class Protector;
}
namespace evenkeel::state {
class SchemaCache;
class View;
struct Host;
}  // namespace evenkeel::state

namespace evenkeel::plans {

struct Edits;

// What these edits would do to the host, exactly: {"host","name","resources":[{"collection","id",
// "change","paths","fields":[{"path","before","after"}]}],"errors"}, secrets redacted. What changes
// owners alone is not shown. `cancelled` once `stops` is set. O(resources of the host)
Result<json::Value> try_on_host(const state::View& view, const secrets::Protector& protector,
                                const state::SchemaCache& schemas, const Edits& edits,
                                const state::Host& host, const std::atomic<bool>& stops);

}  // namespace evenkeel::plans
