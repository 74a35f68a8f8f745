#include "sdk/tool/validate/target.hpp"

#include <optional>
#include <utility>

#include <re2/re2.h>

#include "core/base/text.hpp"

namespace evenkeel::validate {
namespace {

using Version = std::pair<std::string, std::vector<int>>;

std::optional<Version> version_of(const std::string& name) {
    static const re2::RE2 kName("([A-Z]+)_([0-9]{1,6}(?:\\.[0-9]{1,6})*)");
    std::string family, numbers;
    if (!re2::RE2::FullMatch(name, kName, &family, &numbers)) return std::nullopt;
    Version version{family, {}};
    for (const std::string& number : split(numbers, '.'))
        version.second.push_back(std::stoi(number));
    return version;
}

std::string name_of(const Version& version) {
    std::string name;
    for (const int number : version.second)
        name += (name.empty() ? "_" : ".") + std::to_string(number);
    return version.first + name;
}

}  // namespace

Result<Target> Target::of(const std::vector<std::string>& given) {
    Target target;
    for (const std::string& version : split(EK_NEWEST_SYMBOLS, ' ')) EK_CHECK(target.add(version));
    for (const std::string& version : given) EK_CHECK(target.add(version));
    return target;
}

Result<void> Target::add(const std::string& version) {
    auto parsed = version_of(version);
    if (!parsed)
        return fail(Errc::invalid, "\"" + version +
                                       "\" is no version of symbols: give the newest that the "
                                       "target has, such as GLIBC_2.31 or GLIBCXX_3.4.28");
    newest_[parsed->first] = std::move(parsed->second);
    return {};
}

std::string Target::lacks(const std::string& version) const {
    const auto needed = version_of(version);
    // GLIBC_PRIVATE and its like: no release promises them.
    if (!needed)
        return version.starts_with("GLIBC_") ? "it needs " + version + ", which no target promises"
                                             : std::string();
    const auto newest = newest_.find(needed->first);
    if (newest == newest_.end() || needed->second <= newest->second) return {};
    return "it needs " + version + ", and its target has " + name_of(*newest) + " at most";
}

}  // namespace evenkeel::validate
