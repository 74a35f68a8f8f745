#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "core/base/result.hpp"
#include "core/wire/resource.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

struct Host;

// Instead of other names: the host became active or was retired.
inline constexpr std::string_view kEverything = "*";
// What the model says of the host, or a host that it knows.
inline constexpr const char* kModelChanged = "model";
// The same, and somebody has edited it just now.
inline constexpr const char* kModelEdited = "edited";
// The host's collections, or what their schemas say.
inline constexpr std::string_view kCollections = "collections";

// What has changed of a host since it was compiled last, by the names under which compiling sees
// it: "host.name", "environment.name", "host.labels.role", "host.facts.os", `kCollections`, or
// `kEverything` instead of all but `kModelEdited`.
struct HostToCompile {
    std::set<std::string> changed;
    // Another one whenever something is added: the same names may change again meanwhile.
    std::uint64_t number = 0;
    // Which resources the last edit, as it was shown, takes away from the host, by going_code():
    // with `kModelEdited`.
    std::set<std::string> going = {};

    bool is_everything() const { return changed.contains(std::string(kEverything)); }
};

// Stands for a resource in `going`, shorter than many a name: 24 hex digits. [any]
std::string going_code(const wire::Ref& ref);

// What compiling sees of the host and is not as `before` (null: it was not there), by these names.
std::set<std::string> changed_names(const Host* before, const Host& now);

// The hosts of which something changed that compiling sees, until somebody has compiled them. It is
// written in the transaction of the change, so that no crash can lose one; Changes::to_compile
// tells it. A host that is in it may be retired.
class ToCompile : protected Repository {
  public:
    explicit ToCompile(const View& view) : Repository(view) {}

    // O(1)
    Result<std::optional<HostToCompile>> find(std::string_view host) const;
    // By host. False ends it. O(answer)
    Result<void> each(
        const std::function<bool(std::string_view host, const HostToCompile&)>& visit) const;
};

class ToCompileEdits : public ToCompile, private RepositoryEdits {
  public:
    explicit ToCompileEdits(Edit& edit);

    // Adds to what is there; nothing changed writes nothing. With `kModelEdited` what goes is this
    // now, and not what an earlier edit has shown. O(going)
    Result<void> put(std::string_view host, const std::set<std::string>& changed,
                     const std::set<std::string>& going = {});
    // What somebody has edited is not to be released as such any more. O(going)
    Result<void> take_back_edited(std::string_view host);
    // To be called in the transaction that stores what was made of the `seen` one. False when more
    // has changed meanwhile: then it stays whole, and the host is to be compiled again. O(1)
    Result<bool> erase_if_unchanged(std::string_view host, const HostToCompile& seen);
};

}  // namespace evenkeel::state
