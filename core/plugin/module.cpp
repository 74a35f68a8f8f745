#define BOOST_DLL_USE_STD_FS
#include "core/plugin/module.hpp"

#include <mutex>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/dll/shared_library.hpp>

#include "core/plugin/abi.hpp"

namespace evenkeel::plugin {
namespace {

constexpr const char* kEntry = "ek_module_v1";
constexpr std::size_t kCollectionsMax = 64;

// Never unloaded: its code and static data may be in use until the very end, by threads left behind
// in it too.
void keep(boost::dll::shared_library library) {
    static std::mutex mutex;
    static auto* const all = new std::vector<boost::dll::shared_library>;
    const std::lock_guard lock(mutex);
    all->push_back(std::move(library));
}

}  // namespace

std::string broken_capability(const ek_collection& c) {
    const std::tuple<std::uint64_t, bool, const char*> operations[] = {
        {EK_CAP_LIST, c.list != nullptr, "list"},
        {EK_CAP_READ, c.read != nullptr, "read"},
        {EK_CAP_APPLY, c.apply != nullptr, "apply"},
        {EK_CAP_REMOVE, c.remove != nullptr, "remove"},
        {EK_CAP_BATCH, c.apply_many != nullptr, "apply_many"},
        {EK_CAP_INVOKE, c.invoke != nullptr, "invoke"},
        {EK_CAP_COMPARE, c.compare != nullptr, "compare"},
        {EK_CAP_NORMALIZE, c.normalize != nullptr, "normalize"},
        {EK_CAP_UPGRADE, c.upgrade != nullptr, "upgrade"},
        {EK_CAP_WATCH, c.watch_open != nullptr, "watch_open"},
        {EK_CAP_WATCH, c.watch_interest != nullptr, "watch_interest"},
        {EK_CAP_WATCH, c.watch_ready != nullptr, "watch_ready"},
        {EK_CAP_WATCH, c.watch_close != nullptr, "watch_close"}};
    for (const auto& [capability, there, operation] : operations)
        if (((c.caps & capability) != 0) != there)
            return std::string(operation) + (there ? " is there and its capability is not set"
                                                   : " is NULL and its capability is set");
    if ((c.caps & EK_CAP_READ) == 0) return "it cannot read";
    if ((c.caps & EK_CAP_BATCH) != 0 && (c.caps & EK_CAP_APPLY) == 0)
        return "it has apply_many and no apply";
    return {};
}

std::string broken_rule(const ek_module& module, const Package& package) {
    if (!is_whole(&module)) return "its module is smaller than in ABI 1.0";
    if (copy(module.id) != package.id || copy(module.version) != package.version)
        return "its id or version is not that of its manifest";
    if (copy(module.manifest_json) != package.manifest)
        return "the manifest inside differs from the one beside it";
    if (module.open == nullptr || module.close == nullptr) return "it cannot be opened";
    if (module.collections == nullptr || module.collection_count > kCollectionsMax)
        return "it has no or too many collections";
    std::set<std::string> names;
    for (std::size_t i = 0; i < module.collection_count; ++i) {
        const ek_collection* collection = module.collections[i];
        if (!is_whole(collection)) return "a collection is smaller than in ABI 1.0";
        const std::string name = copy(collection->name);
        if (!names.insert(name).second) return "the collection " + name + " is there twice";
        if (const std::string wrong = broken_capability(*collection); !wrong.empty())
            return "the collection " + name + ": " + wrong;
    }
    if (names != std::set<std::string>(package.collections.begin(), package.collections.end()))
        return "its collections are not those of its manifest";
    return {};
}

namespace {

Result<const ek_module*> module_of(const boost::dll::shared_library& library,
                                   const Package& package) {
    if (!library.has(kEntry))
        return fail(Errc::unsupported, "plugin " + package.name + " has no entry " + kEntry +
                                           ": build it for ABI " + std::to_string(EK_ABI_MAJOR));
    const ek_module* module = library.get<const ek_module*()>(kEntry)();
    if (module == nullptr || module->abi_major != EK_ABI_MAJOR)
        return fail(Errc::unsupported, "plugin " + package.name + " is not of ABI " +
                                           std::to_string(EK_ABI_MAJOR) +
                                           ": install the version for this agent");
    const std::string rule = broken_rule(*module, package);
    if (!rule.empty()) return fail(misbehaviour(package.name, rule));
    return module;
}

}  // namespace

Result<void> require_abi(const Package& package) {
    if (package.abi_major == EK_ABI_MAJOR) return {};
    return fail(Errc::unsupported, "plugin " + package.name + " is built for ABI " +
                                       std::to_string(package.abi_major) +
                                       " and this agent speaks " + std::to_string(EK_ABI_MAJOR) +
                                       ": install the version for this agent");
}

Result<const ek_module*> load_object(const Package& package) {
    try {
        boost::dll::shared_library library(
            std::filesystem::path(package.object),
            boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
        const ek_module* module = EK_TRY(module_of(library, package));
        keep(std::move(library));
        return module;
    } catch (const std::exception& error) {
        return fail(Errc::unavailable, "plugin " + package.name +
                                           " cannot be loaded, install what "
                                           "it lacks: " +
                                           error.what());
    }
}

}  // namespace evenkeel::plugin
