#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/tools.hpp"

namespace evenkeel::validate {
namespace {

void needs_host(Bench& bench) {
    if (bench.options().plugin_host.empty()) skip("needs evenkeel-plugin-host");
    skip("needs evenkeel-plugin-host");
}

}  // namespace

std::vector<Check> isolation_checks() {
    constexpr auto kEach = Scope::collection;
    return {
        {"N01", "it answers the same in a process of its own", kEach, needs_host},
        {"N02", "it works in the default sandbox", kEach, needs_host},
        {"N03", "the declared permissions suffice", kEach, needs_host},
        {"N04", "each declared permission is needed", kEach, needs_host},
        {"N05", "killed in the middle of an apply, it is started again", kEach, needs_host},
        {"N06", "a call that hangs is ended", kEach, needs_host},
        {"N07", "its process ends within 1 s of the host", kEach, needs_host},
        {"N08", "what it prints does no harm", kEach, needs_host},
    };
}

}  // namespace evenkeel::validate
