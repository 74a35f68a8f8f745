#include <filesystem>

#include <dlfcn.h>
#include <elf.h>
#include <re2/re2.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/crypto/hash.hpp"
#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/elf_file.hpp"
#include "sdk/tool/validate/target.hpp"
#include "sdk/tool/validate/tools.hpp"

namespace evenkeel::validate {
namespace group_a {

namespace fs = std::filesystem;

ElfFile elf_of(Bench& bench) {
    auto file = read_elf(bench.file());
    if (!file) broken(file.error().what);
    return std::move(*file);
}

std::string beside(Bench& bench, const char* suffix) {
    return fs::path(bench.file()).replace_extension(suffix);
}

std::string manifest_text(Bench& bench) {
    auto text = read_file(beside(bench, ".manifest.json"));
    if (!text) broken("there is no manifest beside it: " + text.error().what);
    return std::move(*text);
}

void manifest_parses(Bench& bench) {
    const auto manifest = json::parse(manifest_text(bench));
    demand(manifest.has_value(), manifest ? "" : "the manifest: " + manifest.error().what);
    const json::Value& abi = (*manifest)["abi"];
    const json::Value& permissions = (*manifest)["permissions"];
    demand(!manifest->string_or("id").empty() && !manifest->string_or("version").empty() &&
               abi["major"].is_integer() && abi["minor"].is_integer() &&
               (*manifest)["collections"].is_array(),
           "the manifest has no id, version, abi (major, minor) or collections");
    demand(permissions["paths"].is_array() && permissions["capabilities"].is_array() &&
               permissions["network"].is_bool() && permissions["spawn"].is_bool(),
           "the manifest's permissions are not paths, capabilities, network and spawn");
}

void manifest_is_inside(Bench& bench) {
    demand(manifest_text(bench) == copy(bench.module().manifest_json),
           "the manifest inside is not, byte for byte, the one beside it");
    const json::Value manifest = bench.manifest();
    demand(manifest.string_or("id") == copy(bench.module().id) &&
               manifest.string_or("version") == copy(bench.module().version),
           "id or version of the module are not those of its manifest");
}

void is_for_this_machine(Bench& bench) {
    const ElfFile file = elf_of(bench), own = *read_elf("/proc/self/exe");
    demand(file.is_shared, "it is no shared object");
    demand(file.machine == own.machine, "it is for another kind of machine (ELF machine " +
                                            std::to_string(file.machine) + ", here " +
                                            std::to_string(own.machine) + ")");
}

void loads(Bench& bench) {
    bench.library();
}

void exports_the_entry(Bench& bench) {
    static const re2::RE2 kEntry("ek_module_v[0-9]+");
    bool there = false;
    for (const std::string& name : elf_of(bench).exports()) {
        there = there || name == "ek_module_v1";
        demand(re2::RE2::FullMatch(name, kEntry),
               "it exports " + name + ": link it with the version script of the SDK (plugin.map)");
    }
    demand(there, "it does not export ek_module_v1");
}

void needs_what_it_names(Bench& bench) {
    const ElfFile file = elf_of(bench);
    std::vector<void*> libraries;
    for (const std::string& name : file.needed) {
        void* library = ::dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL);
        demand(library != nullptr, "the library " + name + " is not here");
        libraries.push_back(library);
    }
    for (const ElfSymbol& symbol : file.symbols) {
        if (symbol.defined || symbol.weak) continue;
        bool found = false;
        for (void* library : libraries)
            found = found || ::dlsym(library, symbol.name.c_str()) != nullptr;
        demand(found, "it uses " + symbol.name +
                          ", which none of the libraries has that it names: link with -Wl,-z,defs");
    }
}

void searches_nowhere_else(Bench& bench) {
    for (const std::string& folder : elf_of(bench).search_folders)
        demand(folder == "$ORIGIN" || folder.starts_with("$ORIGIN/"),
               "it looks for libraries in \"" + folder + "\" (RPATH), only $ORIGIN may be");
}

void code_is_not_written(Bench& bench) {
    const ElfFile file = elf_of(bench);
    demand(!file.executable_stack, "it wants a stack that can be executed");
    demand(!file.text_relocations, "its code has to be written when it is loaded (TEXTREL)");
}

void nobody_else_writes(Bench& bench) {
    for (const std::string& path : {bench.file(), beside(bench, ".manifest.json"),
                                    beside(bench, ".sum.json"), parent_of(bench.file())}) {
        struct stat info {};
        demand(::stat(path.c_str(), &info) == 0, path + " is not there");
        demand(info.st_uid == 0 || info.st_uid == ::geteuid(),
               path + " belongs to neither root nor the running user");
        demand((info.st_mode & (S_IWGRP | S_IWOTH)) == 0,
               path + " can be written by others than its owner");
    }
}

void sums_are_right(Bench& bench) {
    const auto text = read_file(beside(bench, ".sum.json"));
    demand(text.has_value(), "there is no sum file beside it: run plugin-sum last");
    const auto sums = json::parse(*text);
    demand(sums && (*sums)["sha256"].is_object(), "the sum file has no \"sha256\"");
    for (const std::string& path : {bench.file(), beside(bench, ".manifest.json")}) {
        const std::string name = fs::path(path).filename();
        const auto bytes = read_file(path, 512u << 20);
        demand(bytes && (*sums)["sha256"].string_or(name) == crypto::sha256_hex(*bytes),
               "the sum of " + name + " is another: run plugin-sum after the last change");
    }
}

void nothing_is_unique(Bench& bench) {
    for (const ElfSymbol& symbol : elf_of(bench).symbols)
        demand(!symbol.unique || !symbol.defined,
               "its symbol " + symbol.name + " is GNU_UNIQUE, one for the whole process");
}

void runs_on_its_target(Bench& bench) {
    const auto target = Target::of(bench.options().target);
    if (!target) skip(target.error().what);
    for (const std::string& version : elf_of(bench).versions) {
        const std::string why = target->lacks(version);
        demand(why.empty(), why);
    }
}

}  // namespace group_a

std::vector<Check> package_checks() {
    using namespace group_a;
    constexpr auto kModule = Scope::module;
    return {
        {"A01", "there is a manifest beside it, with all that it has to have", kModule,
         manifest_parses},
        {"A02", "the manifest inside is the one beside it", kModule, manifest_is_inside},
        {"A03", "it is a shared object for this machine", kModule, is_for_this_machine},
        {"A04", "it can be loaded", kModule, loads},
        {"A05", "it exports its entry and nothing else", kModule, exports_the_entry},
        {"A06", "what it uses is in the libraries that it names", kModule, needs_what_it_names},
        {"A07", "it looks for libraries in the system's folders only", kModule,
         searches_nowhere_else},
        {"A08", "no executable stack, no relocations of code", kModule, code_is_not_written},
        {"A09", "nobody but its owner can write its files", kModule, nobody_else_writes},
        {"A10", "the sums beside it are right", kModule, sums_are_right},
        {"A11", "it has no GNU_UNIQUE symbols", kModule, nothing_is_unique},
        {"A12", "it needs no symbols newer than its target has", kModule, runs_on_its_target},
    };
}

}  // namespace evenkeel::validate
