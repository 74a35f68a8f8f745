#pragma once

#include <string>

namespace evenkeel::packages {

// A folder in `folder` for what a program writes and nobody reads; it goes with all that is in it.
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
