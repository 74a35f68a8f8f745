#include "orchestrator/state/schema_cache.hpp"

#include "core/base/log.hpp"
#include "core/schema/schema.hpp"
#include "orchestrator/state/collections.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::state {

Result<SchemaCache::Pointer> SchemaCache::find(const View& view, std::string_view host,
                                               std::string_view collection) const {
    const auto reported = EK_TRY(view.collections().find(host, collection));
    if (!reported) return Pointer();
    return find_hash(view, reported->schema_sha256);
}

Result<SchemaCache::Pointer> SchemaCache::find_hash(const View& view,
                                                    const std::string& sha256) const {
    const std::lock_guard lock(mutex_);
    const auto found = compiled_.find(sha256);
    if (found != compiled_.end()) return found->second;
    const auto text = EK_TRY(view.collections().schema(sha256));
    if (!text) return Pointer();
    auto schema = schema::Schema::compile(*text);
    // One that an older program took. What it calls secret is not known: everything counts as that.
    if (!schema) {
        log::warning("a stored schema does not compile",
                     {{"schema", sha256}, {"error", schema.error().what}});
    }
    auto pointer = schema ? std::make_shared<const schema::Schema>(*std::move(schema)) : Pointer();
    compiled_.emplace(sha256, pointer);
    return pointer;
}

}  // namespace evenkeel::state
