#include "sdk/tool/work_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace evenkeel::tool {

Result<WorkFolder> WorkFolder::make() {
    std::string path = (std::filesystem::temp_directory_path() / "ek-plugin-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr)
        return fail(system_error(errno, "cannot make a folder like " + path));
    return WorkFolder(std::move(path));
}

WorkFolder::WorkFolder(WorkFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}

WorkFolder::~WorkFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace evenkeel::tool
