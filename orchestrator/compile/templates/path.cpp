#include "orchestrator/compile/templates/path.hpp"

#include <algorithm>

namespace evenkeel::templates {
namespace {

constexpr std::string_view kRoot = "root.";
constexpr std::string_view kExpected =
    "expected a name such as port, host.name or list.0, or one of . @first @last @index, not ";

struct Special {
    std::string_view text;
    Path::Base base;
};
constexpr Special kSpecial[] = {{".", Path::Base::item},
                                {"@index", Path::Base::index},
                                {"@first", Path::Base::first},
                                {"@last", Path::Base::last}};

bool is_part(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

// Parts that are not empty, with dots between them.
bool is_dotted(std::string_view text) {
    char before = '.';
    for (const char c : text) {
        if (c == '.' ? before == '.' : !is_part(c)) return false;
        before = c;
    }
    return before != '.';
}

}  // namespace

TemplateResult<Path> read_path(std::string_view text, std::size_t byte) {
    const auto* const special = std::find_if(std::begin(kSpecial), std::end(kSpecial),
                                             [&](const Special& one) { return one.text == text; });
    if (special != std::end(kSpecial)) return Path{.base = special->base, .byte = byte};
    if (text.size() > kPathBytesMost) {
        return fault_at(byte, "expected a name of at most 256 bytes", Errc::limit);
    }
    if (text.empty()) return fault_at(byte, std::string(kExpected) + "nothing");
    if (!is_dotted(text)) return fault_at(byte, std::string(kExpected) + quoted(text));
    // An item may have a member of that name, so `root` alone is a name like others.
    const bool root = text.starts_with(kRoot);
    if (root) text.remove_prefix(kRoot.size());
    return Path{root ? Path::Base::root : Path::Base::scope, std::string(text),
                byte + (root ? kRoot.size() : 0)};
}

std::string to_string(const Path& path) {
    for (const Special& special : kSpecial) {
        if (special.base == path.base) return std::string(special.text);
    }
    return (path.base == Path::Base::root ? std::string(kRoot) : "") + path.text;
}

}  // namespace evenkeel::templates
