#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "sdk/client/cpp/client.hpp"

namespace evenkeel::cli {

// Which hosts a command line means: those of `names` that also have all of `labels`.
struct HostChoice {
    std::vector<std::string> names;   // names, ids, patterns with * ? [; empty: all active ones
    std::vector<std::string> labels;  // label selectors, as read_selector takes them
    bool empty() const { return names.empty() && labels.empty(); }
};

// The hosts, each once. Labels and patterns choose among the active ones only.
client::Result<std::vector<std::string>> choose_hosts(client::Client& client,
                                                      const HostChoice& choice);
// The only host that the choice means; `what` takes one: "--watch follows one host".
client::Result<std::string> choose_host(client::Client& client, const HostChoice& choice,
                                        std::string_view what);

// The filter of one item: those of `query` too.
client::ListQuery narrowed(const client::ListQuery& query, const std::string& field,
                           const std::string& value);

// The host of this name or id. A name that no host has any more means the one that is retired and
// had it; the failure names their ids where several had.
client::Result<client::Host> find_host(client::Client& client, const std::string& name);

// The code of the failure with which they say that nothing matched.
inline constexpr const char* kNoHost = "no-host";
// The code of a failure that is the command line's.
inline constexpr const char* kMisused = "misused";

struct LabelTerm {
    std::string name;
    std::string value;
    enum class Test { equal, unequal, there, absent } test = Test::equal;
};
// "role=web,env!=test,rack,!old": every term must hold. A host without the label is unequal.
Result<std::vector<LabelTerm>> read_selector(std::string_view text);
bool holds(const LabelTerm& term, const client::Host& host);

}  // namespace evenkeel::cli
