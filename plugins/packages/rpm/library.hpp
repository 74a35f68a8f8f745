#pragma once

#include <mutex>

#include <rpm/rpmdb.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmmacro.h>
#include <rpm/rpmts.h>
#include <rpm/rpmver.h>

namespace evenkeel::packages {

// The functions of librpm that are used. It is loaded when it is first needed, so that this plugin
// also loads on machines without it, and never unloaded. librpm has global state: hold `mutex`
// around every use.
struct Library {
    std::mutex mutex;

    decltype(&::rpmReadConfigFiles) read_config_files = nullptr;
    decltype(&::rpmExpand) expand = nullptr;
    decltype(&::rpmlogSetCallback) log_set_callback = nullptr;
    void (*signals_set_safety)(int) = nullptr;  // not in every librpm
    decltype(&::rpmtsCreate) ts_create = nullptr;
    decltype(&::rpmtsFree) ts_free = nullptr;
    decltype(&::rpmtsSetRootDir) ts_set_root_dir = nullptr;
    decltype(&::rpmtsSetVSFlags) ts_set_vs_flags = nullptr;
    decltype(&::rpmtsOpenDB) ts_open_db = nullptr;
    decltype(&::rpmtsCloseDB) ts_close_db = nullptr;
    decltype(&::rpmtsInitIterator) ts_init_iterator = nullptr;
    decltype(&::rpmdbNextIterator) next_iterator = nullptr;
    decltype(&::rpmdbFreeIterator) free_iterator = nullptr;
    decltype(&::headerGetAsString) header_get_as_string = nullptr;
    decltype(&::headerFormat) header_format = nullptr;
    decltype(&::rpmvercmp) compare_parts = nullptr;
};

// Throws EK_E_UNAVAILABLE when there is no librpm of a known version, or it has no configuration.
Library& rpm_library();

}  // namespace evenkeel::packages
