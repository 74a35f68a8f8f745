#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "core/base/file.hpp"
#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/failure.hpp"

namespace evenkeel::cli {
namespace {

constexpr std::size_t kNameMost = 63;

constexpr const char* kApplication =
    R"(# What the hosts of NAME shall be. See what it would do, then do it:
#
#     ek plan -f NAME
#     ek apply -f NAME
#
kind: application
name: NAME
note: A file that is made for each host

# What may differ: each has a value by `default`, or by a setting of the host, of its environment
# or of all (`ek settings set global greeting Hello`). `ek settings explain HOST greeting` says
# whose counts.
parameters:
  type: object
  properties:
    greeting:
      type: string
      default: Welcome
    # Without a default the setting must be there: a host without it says so and keeps what it has.
    # contact: {type: string}

# What the hosts have, as in `ek get resources`: `ek explain files` has the fields of a collection.
resources:
  - collection: files
    id: /etc/NAME.conf
    policy: enforce
    description:
      # The text is in the file of that name, which lies beside this one. It is a template:
      # {{greeting}} is the parameter, {{host.name}} and {{environment.name}} are the host's.
      content_file: NAME.conf
      mode: 0644
    # Only where this filter holds, and only after those that it requires:
    # when: host.labels.role = web
    # requires: [{collection: packages, id: nginx}]
---
# Who has it. One application may be assigned many times, with other settings each time.
kind: assignment
name: NAME
application: NAME
# Of this environment and those below it; null is all.
environment: null
# Only hosts that the filter finds: `ek label host web1 role=NAME` makes web1 one of them.
filter: labels.role = "NAME"
# What becomes of the file when a host is not among them any more: it stays (forget) or it goes
# (remove).
on_leave: remove
)";

constexpr const char* kContent = R"(# {{host.name}} ({{environment.name}})
greeting = {{greeting}}
)";

// The name in every place that says NAME.
std::string named(std::string text, const std::string& name) {
    constexpr std::string_view kPlace = "NAME";
    for (std::size_t at = text.find(kPlace); at != text.npos; at = text.find(kPlace, at)) {
        text.replace(at, kPlace.size(), name);
        at += name.size();
    }
    return text;
}

bool is_name(const std::string& name) {
    const auto is_first = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    if (name.empty() || name.size() > kNameMost || !is_first(name.front())) return false;
    for (const char c : name) {
        if (!is_first(c) && c != '.' && c != '_' && c != '-') return false;
    }
    return true;
}

// A file that was not there.
client::Result<> write_new(const std::string& path, const std::string& text) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!fd) return local(system_error(errno, path).what);
    const auto written = write_all(fd.get(), text);
    if (!written) return local(written.error().what);
    return {};
}

}  // namespace

Exit new_application(Session& session, const NewApplicationOptions& options) {
    const std::string& name = options.name;
    if (!is_name(name)) {
        return session.fail({.kind = client::Kind::local,
                             .code = kMisused,
                             .detail = "'" + name +
                                       "' is no name: a to z, 0 to 9, and behind the first "
                                       "character . _ -, 63 at most"});
    }
    if (::mkdir(name.c_str(), 0777) != 0) {
        return session.fail(local(system_error(errno, "make the folder " + name).what));
    }
    const std::pair<std::string, const char*> files[] = {
        {name + "/" + name + ".yaml", kApplication}, {name + "/" + name + ".conf", kContent}};
    for (const auto& [path, text] : files) {
        if (const auto written = write_new(path, named(text, name)); !written) {
            return session.fail(written.error());
        }
    }
    Output::message(name + "/ is made; see what it would do with: ek plan -f " + name);
    return Exit::done;
}

}  // namespace evenkeel::cli
