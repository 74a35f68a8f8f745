#include <algorithm>
#include <set>
#include <thread>

#include <dlfcn.h>
#include <re2/re2.h>

#include "core/plugin/module.hpp"
#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/process_state.hpp"
#include "sdk/tool/validate/tools.hpp"

namespace evenkeel::validate {
namespace group_b {

using Entry = const ek_module* (*)();

Entry entry_of(Bench& bench) {
    const auto entry = reinterpret_cast<Entry>(::dlsym(bench.library(), "ek_module_v1"));
    if (entry == nullptr) broken("it exports no function ek_module_v1");
    return entry;
}

template <typename Function>
void each_collection(Bench& bench, Function&& function) {
    const ek_module& module = bench.module();
    for (std::size_t i = 0; i < module.collection_count; ++i) function(*module.collections[i]);
}

void entry_is_there(Bench& bench) {
    demand(entry_of(bench)() != nullptr, "ek_module_v1 answers NULL");
}

void entry_is_constant(Bench& bench) {
    const Entry entry = entry_of(bench);
    const ek_module* first = entry();
    const ek_module* elsewhere = nullptr;
    std::thread([&] { elsewhere = entry(); }).join();
    demand(entry() == first && elsewhere == first,
           "ek_module_v1 answers another pointer when it is asked again");
}

void entry_has_no_side_effects(Bench& bench) {
    const ProcessState before = process_state();
    const auto open_before = open_descriptors();
    const auto threads_before = threads();
    const auto files_before = tree(bench.scratch());
    bench.module();
    const std::string changed = difference(before, process_state());
    demand(changed.empty(), "loading it and ek_module_v1 change " + changed);
    demand(threads() == threads_before, "loading it and ek_module_v1 start a thread");
    for (const auto& [fd, target] : open_descriptors())
        demand(open_before.count(fd) != 0, "loading it and ek_module_v1 leave " + target + " open");
    const std::string file = difference_of(files_before, tree(bench.scratch()));
    demand(file.empty(), "loading it and ek_module_v1 write files: " + file);
}

void major_is_ours(Bench& bench) {
    demand(bench.module().abi_major == EK_ABI_MAJOR,
           "abi_major is " + std::to_string(bench.module().abi_major) + " in ek_module_v1");
}

void sizes_are_whole(Bench& bench) {
    demand(bench.module().size >= sizeof(ek_module),
           "ek_module.size is " + std::to_string(bench.module().size) + ", in ABI 1.0 it is " +
               std::to_string(sizeof(ek_module)));
    each_collection(bench, [](const ek_collection& collection) {
        demand(collection.size >= sizeof(ek_collection),
               copy(collection.name) + ": ek_collection.size is " +
                   std::to_string(collection.size) + ", in ABI 1.0 it is " +
                   std::to_string(sizeof(ek_collection)));
    });
}

void id_is_a_domain_name(Bench& bench) {
    static const re2::RE2 kId("[a-z][a-z0-9-]*(\\.[a-z][a-z0-9_-]*)+");
    const std::string id = copy(bench.module().id);
    demand(re2::RE2::FullMatch(id, kId), "the id \"" + id + "\" is no reversed domain name");
}

void version_is_semantic(Bench& bench) {
    static const re2::RE2 kVersion(
        "(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)"
        "?");
    const std::string version = copy(bench.module().version);
    demand(re2::RE2::FullMatch(version, kVersion),
           "the version \"" + version + "\" is no semantic version such as 1.4.0");
}

void names_are_legal(Bench& bench) {
    static const re2::RE2 kName("[a-z][a-z0-9_]{0,63}");
    std::set<std::string> names;
    demand(bench.module().collection_count > 0, "the module has no collection");
    each_collection(bench, [&](const ek_collection& collection) {
        const std::string name = copy(collection.name);
        demand(re2::RE2::FullMatch(name, kName),
               "the collection's name \"" + name + "\" does not match [a-z][a-z0-9_]{0,63}");
        demand(names.insert(name).second, "the collection " + name + " is there twice");
    });
}

void capabilities_are_pointers(Bench& bench) {
    each_collection(bench, [](const ek_collection& collection) {
        const std::string wrong = plugin::broken_capability(collection);
        demand(wrong.empty(), copy(collection.name) + ": " + wrong);
    });
}

void unknown_capabilities_are_zero(Bench& bench) {
    constexpr std::uint64_t kKnown = EK_CAP_NORMALIZE * 2u - 1;
    each_collection(bench, [](const ek_collection& collection) {
        demand((collection.caps & ~kKnown) == 0,
               copy(collection.name) + " sets capabilities that ABI 1." +
                   std::to_string(EK_ABI_MINOR) + " does not have");
    });
}

void ask_extension(Bench& bench, const char* id, const char* what) {
    const auto extension = bench.collection().extension;
    if (extension == nullptr) skip("the collection has no extension()");
    const auto instance = bench.open();
    demand(extension(instance->handle(), id) == nullptr,
           std::string(what) + ": extension(\"" + id + "\") is not NULL");
}

void unknown_extension_is_null(Bench& bench) {
    ask_extension(bench, "org.evenkeel.no-such-extension/1", "an interface that nobody has");
}

void extension_ids_are_whole(Bench& bench) {
    ask_extension(bench, "ek.backend/1x", "an id with something behind it");
    ask_extension(bench, "ek.backend/10", "an id with something behind it");
    ask_extension(bench, "", "an empty id");
}

}  // namespace group_b

std::vector<Check> entry_checks() {
    using namespace group_b;
    constexpr auto kModule = Scope::module, kCollection = Scope::collection;
    return {
        {"B01", "ek_module_v1 is there and does not answer NULL", kModule, entry_is_there},
        {"B02", "it answers the same pointer each time, on any thread", kModule, entry_is_constant},
        {"B03", "loading and asking has no side effects", kModule, entry_has_no_side_effects},
        {"B04", "the major version of the ABI is that of the entry", kModule, major_is_ours},
        {"B05", "module and collections are no smaller than in ABI 1.0", kModule, sizes_are_whole},
        {"B06", "the id is a reversed domain name", kModule, id_is_a_domain_name},
        {"B07", "the version is a semantic version", kModule, version_is_semantic},
        {"B08", "the names of collections are legal and unique", kModule, names_are_legal},
        {"B09", "an operation is there exactly when its capability is", kModule,
         capabilities_are_pointers},
        {"B10", "capabilities that ABI 1.0 does not have are not set", kModule,
         unknown_capabilities_are_zero},
        {"B11", "extension() answers NULL for an unknown id", kCollection,
         unknown_extension_is_null},
        {"B12", "extension() compares the whole id", kCollection, extension_ids_are_whole},
    };
}

}  // namespace evenkeel::validate
