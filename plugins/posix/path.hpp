#pragma once

#include <string>
#include <string_view>
#include <vector>

// Paths as ids: text only, nothing here looks at the disk.
namespace evenkeel::posix {

// What an absolute path is without "//", ".", ".." and a trailing "/"; empty for a relative one.
std::string canonical(std::string_view path);

// Throws EK_E_INVALID, naming the canonical path, unless `id` is one of at most 4,095 bytes with
// no zero byte and no name of more than 255.
void require_canonical(std::string_view id);

// The names between the slashes; none for "/".
std::vector<std::string> components(std::string_view path);

// "/a" for "/a/b", "/" for "/a"; `path` is canonical and not "/".
std::string parent(std::string_view path);
std::string join(std::string_view folder, std::string_view name);

}  // namespace evenkeel::posix
