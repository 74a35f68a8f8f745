#include "plugins/posix/path.hpp"

#include <algorithm>
#include <climits>

#include <evenkeel/cpp/failure.hpp>

namespace evenkeel::posix {

std::vector<std::string> components(std::string_view path) {
    std::vector<std::string> names;
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        if (end > at) names.emplace_back(path.substr(at, end - at));
        at = end + 1;
    }
    return names;
}

std::string canonical(std::string_view path) {
    if (path.empty() || path.front() != '/') return {};
    std::vector<std::string> kept;
    for (std::string& name : components(path)) {
        if (name == "..") {
            if (!kept.empty()) kept.pop_back();
        } else if (name != ".") {
            kept.push_back(std::move(name));
        }
    }
    std::string whole;
    for (const std::string& name : kept) whole += "/" + name;
    return whole.empty() ? "/" : whole;
}

void require_canonical(std::string_view id) {
    const std::string wanted = canonical(id);
    if (id.find('\0') != id.npos) throw sdk::Failure(EK_E_INVALID, "the path has a zero byte");
    if (wanted.empty())
        throw sdk::Failure(EK_E_INVALID, "\"" + std::string(id) + "\" is not an absolute path");
    if (wanted != id)
        throw sdk::Failure(
            EK_E_INVALID, "\"" + std::string(id) + "\" is not canonical: write \"" + wanted + "\"");
    if (id.size() >= PATH_MAX) throw sdk::Failure(EK_E_INVALID, "the path is over 4,095 bytes");
    for (const std::string& name : components(id))
        if (name.size() > NAME_MAX)
            throw sdk::Failure(EK_E_INVALID, "a name in the path is over 255 bytes");
}

std::string parent(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::string join(std::string_view folder, std::string_view name) {
    std::string whole(folder);
    if (whole != "/") whole += '/';
    return whole += name;
}

}  // namespace evenkeel::posix
