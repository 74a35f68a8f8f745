#include "plugins/posix/path.hpp"

#include <algorithm>
#include <climits>

#include <evenkeel/cpp/failure.hpp>

namespace evenkeel::posix {
namespace {

template <typename Take>
void each_component(std::string_view path, const Take& take) {
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        if (end > at) take(path.substr(at, end - at));
        at = end + 1;
    }
}

// Whether it is its own canonical(). Each check of a file asks, so it makes no text.
bool is_canonical(std::string_view path) {
    bool has_detour = false;
    std::size_t bytes = 0;  // of the names, each behind one slash
    each_component(path, [&](std::string_view name) {
        has_detour = has_detour || name == "." || name == "..";
        bytes += 1 + name.size();
    });
    return path == "/" || (!has_detour && path.front() == '/' && path.size() == bytes);
}

}  // namespace

std::vector<std::string> components(std::string_view path) {
    std::vector<std::string> names;
    each_component(path, [&](std::string_view name) { names.emplace_back(name); });
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
    if (id.find('\0') != id.npos) throw sdk::Failure(EK_E_INVALID, "the path has a zero byte");
    if (id.empty() || id.front() != '/')
        throw sdk::Failure(EK_E_INVALID, "\"" + std::string(id) + "\" is not an absolute path");
    if (!is_canonical(id))
        throw sdk::Failure(EK_E_INVALID, "\"" + std::string(id) + "\" is not canonical: write \"" +
                                             canonical(id) + "\"");
    if (id.size() >= PATH_MAX) throw sdk::Failure(EK_E_INVALID, "the path is over 4,095 bytes");
    each_component(id, [](std::string_view name) {
        if (name.size() > NAME_MAX)
            throw sdk::Failure(EK_E_INVALID, "a name in the path is over 255 bytes");
    });
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
