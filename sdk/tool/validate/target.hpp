#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace evenkeel::validate {

// The system that a plugin is built for: the newest versions of symbols that its C and C++
// libraries have.
class Target {
  public:
    // The one that this SDK was built for, but for what is given: "GLIBC_2.31". `invalid` for what
    // is no such name.
    static Result<Target> of(const std::vector<std::string>& given);

    // Why a version that a plugin needs ("GLIBC_2.34") is not there; empty: it is, or it is of
    // another library.
    std::string lacks(const std::string& version) const;

  private:
    Result<void> add(const std::string& version);

    std::map<std::string, std::vector<int>> newest_;  // {2, 36} by "GLIBC"
};

}  // namespace evenkeel::validate
