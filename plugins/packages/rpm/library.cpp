#include "plugins/packages/rpm/library.hpp"

#include <string>

#include <dlfcn.h>
#include <evenkeel/plugin.hpp>

namespace evenkeel::packages {

namespace {

// Those with the same functions and tags: rpm 4.14 to 6.
constexpr const char* kNames[] = {"librpm.so.9", "librpm.so.10", "librpm.so.8"};

template <typename Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    return function != nullptr;
}

void require(bool found, const char* what) {
    if (!found)
        throw sdk::Failure(EK_E_UNAVAILABLE, std::string("rpm's library cannot be used: ") + what);
}

void* open_library() {
    for (const char* name : kNames)
        if (void* library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)) return library;
    throw sdk::Failure(EK_E_UNAVAILABLE, "rpm's library is not on this machine")
        .hint("install the package that has librpm.so.9");
}

// Errors are returned as a status; librpm would otherwise print them to standard error.
int keep_quiet(rpmlogRec, rpmlogCallbackData) {
    return 0;
}

void find_all(void* from, Library& library) {
    require(find(from, "rpmReadConfigFiles", library.read_config_files), "rpmReadConfigFiles");
    require(find(from, "rpmExpand", library.expand), "rpmExpand");
    require(find(from, "rpmlogSetCallback", library.log_set_callback), "rpmlogSetCallback");
    require(find(from, "rpmtsCreate", library.ts_create), "rpmtsCreate");
    require(find(from, "rpmtsFree", library.ts_free), "rpmtsFree");
    require(find(from, "rpmtsSetRootDir", library.ts_set_root_dir), "rpmtsSetRootDir");
    require(find(from, "rpmtsSetVSFlags", library.ts_set_vs_flags), "rpmtsSetVSFlags");
    require(find(from, "rpmtsOpenDB", library.ts_open_db), "rpmtsOpenDB");
    require(find(from, "rpmtsCloseDB", library.ts_close_db), "rpmtsCloseDB");
    require(find(from, "rpmtsInitIterator", library.ts_init_iterator), "rpmtsInitIterator");
    require(find(from, "rpmdbNextIterator", library.next_iterator), "rpmdbNextIterator");
    require(find(from, "rpmdbFreeIterator", library.free_iterator), "rpmdbFreeIterator");
    require(find(from, "headerGetAsString", library.header_get_as_string), "headerGetAsString");
    require(find(from, "headerFormat", library.header_format), "headerFormat");
    require(find(from, "rpmvercmp", library.compare_parts), "rpmvercmp");
    find(from, "rpmsqSetInterruptSafety", library.signals_set_safety);
}

struct Loaded : Library {
    Loaded() {
        find_all(open_library(), *this);
        // The signals of this process are not rpm's to handle.
        if (signals_set_safety) signals_set_safety(0);
        log_set_callback(keep_quiet, nullptr);
        require(read_config_files(nullptr, nullptr) == 0, "its configuration cannot be read");
    }
};

}  // namespace

Library& rpm_library() {
    // If it throws the next call tries again.
    static Loaded library;
    return library;
}

}  // namespace evenkeel::packages
