#pragma once

#include <string>

namespace evenkeel::packages {

// A new folder in `folder` for what a program writes and nobody reads; removed with its contents.
class Scratch {
  public:
    explicit Scratch(const std::string& folder);
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch();
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace evenkeel::packages
