#pragma once

#include <string>

namespace evenkeel::packages {

// A folder for what a program writes and nobody reads; it goes with all that is in it.
class Scratch {
  public:
    Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch();
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace evenkeel::packages
