#pragma once

#include <string>
#include <utility>

#include "core/base/result.hpp"

namespace evenkeel::tool {

// A folder of our own that is gone at the end, with all that is in it.
class WorkFolder {
  public:
    static Result<WorkFolder> make();
    WorkFolder(WorkFolder&& other) noexcept;
    WorkFolder& operator=(WorkFolder&&) = delete;
    ~WorkFolder();
    const std::string& path() const { return path_; }

  private:
    explicit WorkFolder(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

}  // namespace evenkeel::tool
