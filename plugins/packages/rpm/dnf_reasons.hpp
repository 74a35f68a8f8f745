#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <evenkeel/plugin.hpp>

namespace evenkeel::packages {

// Of each installed package, by name and architecture, whether dnf takes it for a dependency.
using DnfReasonsByPackage = std::map<std::pair<std::string, std::string>, bool>;

// Which packages dnf has installed only because others need them: what `dnf autoremove` takes away
// when nothing needs them any more.
//
// dnf keeps that in /var/lib/dnf/history.sqlite, whose tables are its own and have changed before.
// So dnf itself is asked, whose words have not. A run of it takes 0.24 s of a processor with 1000
// packages, and so its answer is kept for as long as no transaction is added to the history: a few
// stat calls per package.
class DnfReasons {
  public:
    // The lines `NAME ARCHITECTURE REASON` of all installed packages. Throws if dnf cannot say.
    using Ask = std::function<std::string(const sdk::Call& call)>;

    // `folder` is dnf's persistdir.
    DnfReasons(const std::string& folder, Ask ask)
        : history_(folder + "/history.sqlite"), ask_(std::move(ask)) {}

    // Of a package that is installed; nothing if dnf cannot say, which is noted and tried again
    // after a minute. [worker]
    std::optional<bool> is_automatic(const sdk::Call& call, const std::string& name,
                                     const std::string& architecture);

    // Differs after each change of a reason, not after dnf has only read them. [any thread]
    std::string stamp() const;

    // Copies the history into `folder`, for a dnf that is to read it: to read a database SQLite
    // writes to it. Throws EK_E_UNAVAILABLE if it cannot be copied.
    void copy_to(const std::string& folder) const;

  private:
    bool read(const sdk::Call& call, const std::string& stamp);

    std::string history_;
    Ask ask_;
    std::optional<std::string> seen_;  // the stamp of what `reasons_` holds
    DnfReasonsByPackage reasons_;
    std::uint64_t retry_at_ns_ = 0;
};

// Of `dnf repoquery --queryformat "%{name} %{arch} %{reason}"`. Pure.
DnfReasonsByPackage parse_dnf_reasons(std::string_view output);

}  // namespace evenkeel::packages
