#include "plugins/packages/rpm/scratch.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "plugins/posix/failure.hpp"

namespace evenkeel::packages {

Scratch::Scratch(const std::string& folder) : path_(folder + "/scratch.XXXXXX") {
    if (!::mkdtemp(path_.data())) throw posix::os_failure(errno, "make a folder in " + folder);
}

Scratch::~Scratch() {
    std::error_code none;
    std::filesystem::remove_all(path_, none);
}

}  // namespace evenkeel::packages
