#pragma once

#include <functional>
#include <string>
#include <string_view>

// dpkg's database, and what apt keeps beside it, as text: stanzas of "Field: value" lines with an
// empty line between them. Pure.
namespace evenkeel::packages {

// What one stanza says.
struct Entry {
    std::string name;
    std::string architecture;
    std::string version;
    std::string want;        // "install", "hold", "deinstall", "purge", "unknown"
    std::string flag;        // "ok", "reinstreq"
    std::string condition;   // "installed", "config-files", ...
    bool automatic = false;  // apt's, which has no status: only what needs it has brought it

    // Whether there is more of it than its configuration files.
    bool present() const {
        return condition != "not-installed" && condition != "config-files" && !condition.empty();
    }
    bool operator==(const Entry&) const = default;
};

// Calls `take` for each stanza that has a name, in order. What is no stanza is skipped.
void parse_status(std::string_view text, const std::function<void(Entry)>& take);

}  // namespace evenkeel::packages
