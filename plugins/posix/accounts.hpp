#pragma once

#include <map>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace evenkeel::posix {

// Users and groups by name and number, through the system's name services. Caches names, so make
// one for each call: reading thousands of files then queries each user once.
class Accounts {
  public:
    // The number of the name, or the number that a decimal string is. Throws EK_E_INVALID at
    // `pointer` for a name that is not there, EK_E_UNAVAILABLE if the service does not answer.
    uid_t uid_of(std::string_view text, const std::string& pointer);
    gid_t gid_of(std::string_view text, const std::string& pointer);

    // The name, or the number in decimal if it has none.
    const std::string& user_name(uid_t uid);
    const std::string& group_name(gid_t gid);

  private:
    std::map<uid_t, std::string> users_;
    std::map<gid_t, std::string> groups_;
};

}  // namespace evenkeel::posix
