#include "plugins/posix/takeover.hpp"

#include <optional>

#include <evenkeel/cpp/failure.hpp>
#include <unistd.h>

namespace evenkeel::posix {

namespace {

std::optional<uid_t> expected_owner(const Place& place, const Ownership& desired) {
    if (desired.uid) return desired.uid;
    if (place.writers.others || place.writers.users.size() != 1) return std::nullopt;
    return *place.writers.users.begin();
}

}  // namespace

std::string why_not_taken_over(const Place& place, const struct stat& object,
                               const Ownership& desired, bool acl_grants_more) {
    if (!place.writers.any()) return {};
    if (object.st_uid == 0 || object.st_uid == ::geteuid()) return "it belongs to root";
    if (!S_ISDIR(object.st_mode) && object.st_nlink > 1) return "it has more than one name";
    const auto owner = expected_owner(place, desired);
    if (!owner) return "no owner is described";
    if (object.st_uid != *owner) return "it belongs to another user";
    if (acl_grants_more) return "its ACL grants more than the described mode";
    return {};
}

sdk::Failure not_taken_over(const std::string& path, const std::string& why) {
    sdk::Failure failure(EK_E_CONFLICT, path +
                                            " is not taken over: others than root can write to a "
                                            "directory on the way to it, and " +
                                            why);
    failure.hint("remove it, give the directory to root, or describe the content and the owner");
    return failure;
}

}  // namespace evenkeel::posix
